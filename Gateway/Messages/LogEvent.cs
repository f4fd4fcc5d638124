namespace Gateway.Messages;

/// <summary>
/// One event of the log, committed. Immutable; the same object is shared by the ring, the shards and every reader of this
/// process. Ids are the gateway's; zero means none.
/// </summary>
internal sealed class LogEvent(string logId, long seq, long botId, string kind, byte[] payload, in UpdateFacts facts)
{
    /// <summary>Parsed from <see cref="Payload"/>; slices refer to it.</summary>
    public readonly UpdateFacts Facts = facts;

    public string LogId { get; } = logId;

    /// <summary>Dense and increasing within one log id.</summary>
    public long Seq { get; } = seq;

    /// <summary>Zero only for gateway-made events that concern no bot (<c>gateway.log_reset</c>).</summary>
    public long BotId { get; } = botId;

    public long ChatId { get; init; }

    /// <summary>The gateway id of the message this event is about: the seq of the event that created the message's row.</summary>
    public long MessageId { get; init; }

    /// <summary>The gateway id of the message this one replies to, where the log has it.</summary>
    public long ReplyToMessageId { get; init; }

    /// <summary>The update kind's Bot API field name, <c>unknown</c>, <c>unparsed</c>, or a name starting with <c>gateway.</c>.</summary>
    public string Kind { get; } = kind;

    /// <summary>The commit's time, Unix milliseconds, never decreasing with <see cref="Seq"/>.</summary>
    public long CreatedAtMs { get; init; }

    public byte[] Payload { get; } = payload;
}
