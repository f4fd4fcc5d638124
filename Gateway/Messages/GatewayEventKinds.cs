namespace Gateway.Messages;

/// <summary>Kinds of the events that the gateway itself writes into the log. Their payloads are small JSON objects.</summary>
internal static class GatewayEventKinds
{
    /// <summary>Every gateway-made kind starts with this; no Bot API field name has a dot.</summary>
    public const string Prefix = "gateway.";

    /// <summary>
    /// The first event under a new log identity: <c>{"previous_log_id","previous_seq","restored_seq"}</c>. No bot, no chat; told to everyone as a gap.
    /// </summary>
    public const string LogReset = "gateway.log_reset";

    /// <summary>
    /// A group became a supergroup: <c>{"from_chat_id":7,"to_chat_id":9,"first_seq":41}</c>, gateway ids; <c>chat_id</c> of the event is
    /// the new chat, and no event of that chat lies before <c>first_seq</c>. Committed after the grants were merged; subscriptions to the old
    /// chat go on with the new one, and are told a gap for what it had before.
    /// </summary>
    public const string ChatMigrated = "gateway.chat_migrated";
}
