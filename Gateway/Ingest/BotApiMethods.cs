using System.Buffers;
using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>What getMe says of a token.</summary>
internal sealed record BotIdentity(long TelegramId, string? Username, string? FirstName);

/// <summary>What getWebhookInfo says of a bot.</summary>
/// <param name="Url">Empty: none is set. Holds a secret; never shown.</param>
internal sealed record WebhookInfo(string Url, long PendingUpdates, string? LastError, long? LastErrorAtS)
{
    /// <summary>What may be shown of <see cref="Url"/>: the path holds a secret.</summary>
    public string? Host => Url.Length == 0 ? null : Uri.TryCreate(Url, UriKind.Absolute, out var url) ? url.Host : "an unreadable address";
}

/// <param name="Value">Set when the status is Ok.</param>
/// <param name="Description">Why not; never holds the token.</param>
internal readonly record struct BotApiResult<T>(BotApiStatus Status, T? Value, string Description)
{
    public bool IsOk => Status == BotApiStatus.Ok;
}

/// <summary>The calls by which the gateway takes a bot over, watches it and gives it back.</summary>
internal static class BotApiMethods
{
    private static readonly byte[] Nothing = "{}"u8.ToArray();

    public static Task<BotApiResult<BotIdentity>> GetMeAsync(this BotApiClient client, TimeSpan timeout, CancellationToken cancellation) =>
        AskAsync(client, "getMe", timeout, static user => new BotIdentity(user.GetProperty("id").GetInt64(), Text(user, "username"), Text(user, "first_name")), cancellation);

    public static Task<BotApiResult<WebhookInfo>> GetWebhookInfoAsync(this BotApiClient client, TimeSpan timeout, CancellationToken cancellation) =>
        AskAsync(
            client,
            "getWebhookInfo",
            timeout,
            static info => new WebhookInfo(Text(info, "url") ?? "", Number(info, "pending_update_count") ?? 0, Text(info, "last_error_message"), Number(info, "last_error_date")),
            cancellation);

    /// <summary>
    /// Without <c>drop_pending_updates</c>: what waits at Telegram comes to the new address. <c>allowed_updates</c> names every kind, as for getUpdates.
    /// </summary>
    public static Task<BotApiAnswer> SetWebhookAsync(this BotApiClient client, string url, string secretToken, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("url", url);
            json.WriteString("secret_token", secretToken);
            json.WriteNumber("max_connections", Limits.Ingest.WebhookConnections);
            WriteAllowedUpdates(json);
            json.WriteEndObject();
        }

        return client.CallAsync("setWebhook", buffer.WrittenMemory, Limits.Ingest.CallWait, cancellation, Limits.Ingest.CallAnswerBytes);
    }

    /// <summary>What waits at Telegram stays there, for 24 hours.</summary>
    public static Task<BotApiAnswer> DeleteWebhookAsync(this BotApiClient client, CancellationToken cancellation) =>
        client.CallAsync("deleteWebhook", Nothing, Limits.Ingest.CallWait, cancellation, Limits.Ingest.CallAnswerBytes);

    /// <summary>Always every kind: left out, Telegram keeps the last list it was given, or leaves out four kinds by default.</summary>
    public static void WriteAllowedUpdates(Utf8JsonWriter json)
    {
        json.WriteStartArray("allowed_updates");
        foreach (var kind in UpdateKinds.Names)
        {
            json.WriteStringValue(kind);
        }

        json.WriteEndArray();
    }

    private static async Task<BotApiResult<T>> AskAsync<T>(
        BotApiClient client, string method, TimeSpan timeout, Func<JsonElement, T> read, CancellationToken cancellation)
        where T : class
    {
        var answer = await client.CallAsync(method, Nothing, timeout, cancellation, Limits.Ingest.CallAnswerBytes);
        if (answer.Status != BotApiStatus.Ok)
        {
            return new BotApiResult<T>(answer.Status, null, answer.Description);
        }

        try
        {
            using var document = JsonDocument.Parse(answer.Result);
            return new BotApiResult<T>(BotApiStatus.Ok, read(document.RootElement), "");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return new BotApiResult<T>(BotApiStatus.NotTelegram, null, $"the answer to {method} is not the Bot API's");
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
