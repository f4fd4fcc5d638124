namespace Gateway.Ingest;

/// <summary>What a Bot API call came to.</summary>
internal enum BotApiStatus
{
    Ok,

    /// <summary>401, or 404 for a token that does not even look like one.</summary>
    TokenRejected,

    /// <summary>409: another poller, or a webhook.</summary>
    Conflict,

    /// <summary>429 with <see cref="BotApiAnswer.RetryAfter"/>.</summary>
    TooManyRequests,

    /// <summary>Any other error that Telegram names.</summary>
    Refused,

    /// <summary>Not the Bot API's answer: a proxy's page, broken JSON.</summary>
    NotTelegram,

    /// <summary>No answer: not reached, cut, or too late.</summary>
    Unreachable,

    /// <summary>Over Limits.Ingest.PollAnswerBytes; not read further.</summary>
    TooLarge,
}

/// <param name="Result">The raw bytes of <c>result</c> when Ok.</param>
/// <param name="Description">Telegram's words or ours; never holds the token.</param>
internal readonly record struct BotApiAnswer(BotApiStatus Status, ReadOnlyMemory<byte> Result, string Description, TimeSpan? RetryAfter);
