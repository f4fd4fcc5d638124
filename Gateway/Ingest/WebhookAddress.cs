namespace Gateway.Ingest;

/// <summary>The address that Telegram posts a bot's updates to: the gateway's public one, the receiver's path, and the bot's webhook secret.</summary>
internal static class WebhookAddress
{
    public const string Path = "/telegram/webhook/";

    public static string Of(Uri publicUrl, string secret) => publicUrl.ToString().TrimEnd('/') + Path + secret;

    /// <summary>
    /// Whether an address that Telegram names leads to this bot's receiver, under whatever host: nobody else knows the secret, so a webhook that was
    /// registered by hand, or under an earlier public address, is ours too. The receiver takes the token in the secret's place.
    /// </summary>
    /// <param name="bot">Null: not here yet, so no webhook is ours.</param>
    public static bool IsOurs(string url, OpenedBot? bot) => EndsWith(url, bot?.WebhookSecret) || EndsWith(url, bot?.Token);

    private static bool EndsWith(string url, string? secret) =>
        secret is not null && url.Replace("%3A", ":", StringComparison.OrdinalIgnoreCase).EndsWith(Path + secret, StringComparison.Ordinal);
}
