namespace Gateway.Ingest;

internal enum PollerState
{
    Starting,
    Polling,

    /// <summary>The bot has a webhook; nothing is asked for until it is gone.</summary>
    WebhookIsSet,

    /// <summary>Someone else polls this bot.</summary>
    Conflict,
    TokenRejected,
    TokenUnreadable,

    /// <summary>Telegram or the network fails; tried again.</summary>
    Failing,

    /// <summary>Updates were fetched and cannot be stored; the offset stays.</summary>
    NotStored,
    Stopped,
}

/// <param name="Detail">For people; empty when all is well.</param>
internal sealed record PollerStatus(long BotId, PollerState State, string Detail);
