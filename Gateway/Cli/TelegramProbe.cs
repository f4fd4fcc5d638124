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
    private readonly HttpClient client = new() { Timeout = patience, MaxResponseContentBufferSize = Limits.Http.BodyBytes };

    public async Task<ProbeOutcome> LookAsync(string token, CancellationToken cancellation)
    {
        try
        {
            using var me = await CallAsync(token, "getMe", cancellation);
            if (RefusalIn(me) is { } unknown) return ProbeOutcome.Failed(unknown, isRefused: true);
            using var webhook = await CallAsync(token, "getWebhookInfo", cancellation);
            if (RefusalIn(webhook) is { } refusal) return ProbeOutcome.Failed(refusal, isRefused: true);
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
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or InvalidOperationException or KeyNotFoundException && !cancellation.IsCancellationRequested)
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

    private static string? RefusalIn(JsonDocument answer) =>
        answer.RootElement.GetProperty("ok").GetBoolean() ? null : $"Telegram refuses the token: {Text(answer.RootElement, "description") ?? "no reason given"}";

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
