namespace Gateway.Ingest;

/// <summary>The address that Telegram posts a bot's updates to: the gateway's public one, the receiver's path, and the bot's webhook secret.</summary>
internal static class WebhookAddress
{
    public const string Path = "/telegram/webhook/";

    public static string Of(Uri publicUrl, string secret) => publicUrl.ToString().TrimEnd('/') + Path + secret;

    /// <summary>
    /// Whether an address that Telegram names leads to this bot's receiver, under whatever host: nobody else knows the secret, so a webhook that was
    /// registered by hand, or under an earlier public address, is ours too.
    /// </summary>
    public static bool IsOurs(string url, string? secret) => secret is not null && url.EndsWith(Path + secret, StringComparison.Ordinal);
}
