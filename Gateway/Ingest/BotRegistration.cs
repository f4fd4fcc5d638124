using Gateway.Access;

namespace Gateway.Ingest;

/// <summary>A bot to take over.</summary>
/// <param name="Mode">One of <see cref="BotModes"/>; null: webhook (a bot that is updated keeps its own).</param>
internal sealed record BotRegistration(long TelegramId, string Token, string? Mode)
{
    public string? Username { get; init; }
    public string? FirstName { get; init; }

    /// <summary>Null: none (a bot that is updated keeps its own).</summary>
    public string? Label { get; init; }

    /// <summary>The receiver's path parameter. Null: one is made (a bot that is updated keeps its own).</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>What Telegram sends in <c>X-Telegram-Bot-Api-Secret-Token</c>; null: the header is not checked.</summary>
    public string? SecretToken { get; init; }

    /// <summary>Null: the configured server (a bot that is updated keeps its own).</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Null: as configured (a bot that is updated keeps its own).</summary>
    public int? RetentionDays { get; init; }

    /// <summary>Change the bot's token and settings if it is there already.</summary>
    public bool Update { get; init; }

    /// <summary>Ask Telegram first. Without it Telegram is asked and told nothing.</summary>
    public bool Verify { get; init; }

    /// <summary>Although another program has a webhook on it.</summary>
    public bool TakeOver { get; init; }

    /// <summary>Who gets all rights on the new bot; null: nobody, as admins have them anyway.</summary>
    public PrincipalId? Owner { get; init; }
}

/// <summary>What to change of a bot that is there; what is not named stays.</summary>
internal sealed record BotChange
{
    public bool HasLabel { get; init; }
    public string? Label { get; init; }
    public bool HasRetentionDays { get; init; }

    /// <summary>Null: as configured.</summary>
    public int? RetentionDays { get; init; }

    public string? Mode { get; init; }
    public bool HasBaseUrl { get; init; }

    /// <summary>The Bot API server that knows the bot; null: the configured one.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>A new token of the same bot.</summary>
    public string? Token { get; init; }

    /// <summary>A new webhook secret and a new <c>secret_token</c>.</summary>
    public bool RotateSecret { get; init; }

    /// <summary>As <see cref="BotRegistration.TakeOver"/>.</summary>
    public bool TakeOver { get; init; }

    /// <summary>Asked in the transaction; false: nothing is changed.</summary>
    public Func<BotInfo, bool>? IsExpected { get; init; }
}
