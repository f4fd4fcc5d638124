namespace Gateway.Ingest;

/// <summary>How a bot's updates arrive: the values of <c>bots.mode</c>.</summary>
internal static class BotModes
{
    /// <summary>Telegram posts them to the receiver.</summary>
    public const string Webhook = "webhook";

    /// <summary>The gateway fetches them.</summary>
    public const string Poll = "poll";

    /// <summary>The bot was given back. The row stays for its history and retention, and comes alive again when the bot is added again.</summary>
    public const string Removed = "removed";
}
