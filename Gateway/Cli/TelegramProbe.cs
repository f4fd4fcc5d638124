using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary>What Telegram says of a bot.</summary>
/// <param name="Failure">Why it could not be learnt; never holds the token.</param>
/// <param name="IsRefused">Telegram answered and does not know the token, as opposed to no answer.</param>
internal sealed record ProbeOutcome(long TelegramId, string? Username, string? FirstName, string WebhookUrl, int PendingUpdates, string? LastError, string? Failure, bool IsRefused)
{
    public static ProbeOutcome Failed(string failure, bool isRefused) => new(0, null, null, "", 0, null, failure, isRefused);
}

/// <summary>Asks the Bot API who a token is and where its updates go (getMe, getWebhookInfo). Changes nothing there.</summary>
internal sealed class TelegramProbe(Uri baseUrl, TimeSpan patience) : IDisposable
{
    private readonly HttpClient client = new() { Timeout = patience, MaxResponseContentBufferSize = Limits.Cli.TelegramAnswerBytes };

    public async Task<ProbeOutcome> LookAsync(string token, CancellationToken cancellation)
    {
        try
        {
            using var me = await CallAsync(token, "getMe", cancellation);
            if (RefusalIn(me) is { } unknown) return unknown;
            using var webhook = await CallAsync(token, "getWebhookInfo", cancellation);
            if (RefusalIn(webhook) is { } refusal) return refusal;
            var user = me.RootElement.GetProperty("result");
            var info = webhook.RootElement.GetProperty("result");
            return new ProbeOutcome(
                user.GetProperty("id").GetInt64(),
                Text(user, "username"),
                Text(user, "first_name"),
                Text(info, "url") ?? "",
                info.TryGetProperty("pending_update_count", out var pending) ? pending.GetInt32() : 0,
                Text(info, "last_error_message"),
                null,
                false);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException && !cancellation.IsCancellationRequested)
        {
            // The exception's text may name the URL, and the URL holds the token.
            var kind = e is HttpRequestException http ? http.HttpRequestError.ToString() : e is TaskCanceledException ? "no answer in time" : "not a Bot API answer";
            return ProbeOutcome.Failed($"the Bot API at {baseUrl.Host} cannot be asked: {kind}", isRefused: false);
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<JsonDocument> CallAsync(string token, string method, CancellationToken cancellation)
    {
        using var answer = await client.GetAsync(new Uri($"{baseUrl.ToString().TrimEnd('/')}/bot{token}/{method}"), cancellation);
        return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellation), default, cancellation);
    }

    /// <summary>Only 4xx but 429 is about the token; the others pass, and the same command may work later.</summary>
    private ProbeOutcome? RefusalIn(JsonDocument answer)
    {
        var root = answer.RootElement;
        if (root.GetProperty("ok").GetBoolean()) return null;
        var reason = Text(root, "description") ?? "no reason given";
        var code = root.TryGetProperty("error_code", out var number) && number.TryGetInt32(out var given) ? given : 0;
        return code is 429 or >= 500
            ? ProbeOutcome.Failed($"the Bot API at {baseUrl.Host} cannot be asked: {reason}", isRefused: false)
            : ProbeOutcome.Failed($"Telegram refuses the token: {reason}", isRefused: true);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
