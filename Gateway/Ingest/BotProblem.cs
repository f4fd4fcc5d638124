namespace Gateway.Ingest;

/// <summary>What became of a change to a bot.</summary>
internal enum BotChangeStatus
{
    Done,

    /// <summary>No such bot.</summary>
    NotFound,

    /// <summary>Under this Telegram id; nothing was changed.</summary>
    AlreadyThere,

    /// <summary>Another bot has this webhook secret: the receiver could not tell them apart.</summary>
    SecretTaken,

    /// <summary>Telegram does not know the token.</summary>
    TokenRejected,

    /// <summary>The token is good, and of another bot.</summary>
    TokenOfAnotherBot,

    /// <summary>The stored token cannot be decrypted.</summary>
    TokenUnreadable,

    /// <summary>Another program receives the bot's updates.</summary>
    ForeignWebhook,

    /// <summary>Telegram cannot be asked now; nothing was changed.</summary>
    TelegramAway,

    /// <summary>Telegram refused what we told it; what is stored stays.</summary>
    TelegramRefused,

    /// <summary>There is nothing to register: the gateway does not know its own address.</summary>
    NoPublicUrl,

    /// <summary>The bot is no more as the caller has seen it.</summary>
    Changed,
}

/// <param name="Bot">As it is now; null where it is not there, or was not read.</param>
/// <param name="Detail">Of what Telegram said, for people; never holds a secret.</param>
internal sealed record BotOutcome(BotChangeStatus Status, BotInfo? Bot, string? Detail = null)
{
    /// <summary>A webhook secret that was made or given in this change; null where the old one stays.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>A bot that was there already was changed.</summary>
    public bool IsUpdate { get; init; }

    public bool IsDone => Status == BotChangeStatus.Done;
}

/// <summary>The words for what went wrong, the same on REST and on the command line.</summary>
internal static class BotProblem
{
    public static string CodeOf(BotChangeStatus status) => status switch
    {
        BotChangeStatus.NotFound => "BOT_NOT_FOUND",
        BotChangeStatus.AlreadyThere => "BOT_EXISTS",
        BotChangeStatus.SecretTaken => "SECRET_TAKEN",
        BotChangeStatus.TokenRejected => "TOKEN_REJECTED",
        BotChangeStatus.TokenOfAnotherBot => "TOKEN_OF_ANOTHER_BOT",
        BotChangeStatus.TokenUnreadable => "TOKEN_UNREADABLE",
        BotChangeStatus.ForeignWebhook => "FOREIGN_WEBHOOK",
        BotChangeStatus.TelegramAway => "UPSTREAM_UNAVAILABLE",
        BotChangeStatus.TelegramRefused => "UPSTREAM_REFUSED",
        BotChangeStatus.NoPublicUrl => "NO_PUBLIC_URL",
        BotChangeStatus.Changed => "PRECONDITION_FAILED",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    public static string TextOf(BotOutcome outcome) => outcome.Status switch
    {
        BotChangeStatus.NotFound => "There is no such bot.",
        BotChangeStatus.AlreadyThere => "This bot is here already.",
        BotChangeStatus.SecretTaken => "Another bot has this webhook secret.",
        BotChangeStatus.TokenRejected => $"Telegram does not accept the token: {outcome.Detail}",
        BotChangeStatus.TokenOfAnotherBot => "The token belongs to another bot.",
        BotChangeStatus.TokenUnreadable => "The bot's stored token cannot be decrypted under this master key; give the token again.",
        BotChangeStatus.ForeignWebhook => $"The bot has a webhook at {outcome.Detail}: another program receives its updates, and would receive none after a take-over.",
        BotChangeStatus.TelegramAway => $"Telegram cannot be asked now: {outcome.Detail}",
        BotChangeStatus.TelegramRefused => $"Telegram refused the webhook: {outcome.Detail}",
        BotChangeStatus.NoPublicUrl => "The gateway does not know its public address (option PublicUrl), so it cannot register a webhook there.",
        BotChangeStatus.Changed => "The bot was changed meanwhile; read it again.",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
