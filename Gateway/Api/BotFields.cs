using Gateway.Http;
using Gateway.Ingest;

namespace Gateway.Api;

/// <summary>What the shapes of bodies about bots cannot say of their fields.</summary>
internal static class BotFields
{
    /// <summary>False when the request was answered with what is wrong. Absent fields are valid.</summary>
    public static async ValueTask<bool> AreValidAsync(Exchange exchange, JsonBody body)
    {
        var errors = new ValidationErrors();
        if (body.String("token") is { } token && BotToken.TelegramIdOf(token) is null) errors.Add("token", "has not the form of a bot token, as 123456:AA…");
        CheckSecret(body, "webhook_secret", errors);
        CheckSecret(body, "secret_token", errors);
        if (body.String("base_url") is { } baseUrl && !BotSettings.IsServer(baseUrl)) errors.Add("base_url", "must be an http or https URL without a query");
        if (errors.IsEmpty) return true;
        await errors.ReplyAsync(exchange);
        return false;
    }

    private static void CheckSecret(JsonBody body, string name, ValidationErrors errors)
    {
        if (body.String(name) is { } secret && !BotSettings.IsSecret(secret)) errors.Add(name, "has only A-Z a-z 0-9 _ -");
    }
}
