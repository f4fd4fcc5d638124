using System.Buffers;
using System.Text.Json;
using Gateway.Http;
using Gateway.Ingest;

namespace Gateway.Api;

/// <summary>Writes bots as <see cref="BotShapes"/> describes them.</summary>
internal static class BotJson
{
    /// <summary>Of what a client can change, and not of what Telegram says of the bot, which changes by itself all the time.</summary>
    public static string TagOf(BotInfo bot)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteFields(json, bot);
            // Token and secrets are no part of what is shown, and a change of them is a change.
            json.WriteNumber("revision", bot.Revision);
            json.WriteEndObject();
        }

        return EntityTag.Of(buffer.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, BotInfo bot)
    {
        json.WriteStartObject();
        WriteFields(json, bot);
        json.WriteEndObject();
    }

    public static void WriteWithStatus(Utf8JsonWriter json, (BotInfo Bot, UpstreamOutcome Upstream) state)
    {
        json.WriteStartObject();
        WriteFields(json, state.Bot);
        if (state.Upstream.Status is { } upstream)
        {
            json.WriteStartObject("upstream");
            json.WriteString("mode", upstream.Mode);
            json.WriteString("webhook_host", upstream.WebhookHost);
            json.WriteBoolean("is_ours", upstream.IsOurs);
            json.WriteNumber("pending_updates", upstream.PendingUpdates);
            json.WriteString("last_error", upstream.LastError);
            WriteTime(json, "last_error_at", upstream.LastErrorAtMs);
            json.WriteNumber("lag_seconds", upstream.LagSeconds);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("upstream");
        }

        json.WriteString("upstream_unavailable", state.Upstream.Reason);
        json.WriteEndObject();
    }

    public static void WriteChanged(Utf8JsonWriter json, (BotOutcome Outcome, bool ShowSecret) state)
    {
        json.WriteStartObject();
        WriteFields(json, state.Outcome.Bot!);
        json.WriteString("webhook_secret", state.ShowSecret ? state.Outcome.WebhookSecret : null);
        json.WriteString("warning", state.Outcome.Detail);
        json.WriteEndObject();
    }

    public static void WriteRemoved(Utf8JsonWriter json, BotOutcome outcome)
    {
        json.WriteStartObject();
        json.WriteNumber("id", outcome.Bot!.Id);
        json.WriteBoolean("removed", true);
        json.WriteString("warning", outcome.Detail);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, BotInfo bot)
    {
        json.WriteNumber("id", bot.Id);
        json.WriteNumber("telegram_id", bot.TelegramId);
        json.WriteString("username", bot.Username);
        json.WriteString("first_name", bot.FirstName);
        json.WriteString("label", bot.Label);
        json.WriteString("mode", bot.Mode);
        json.WriteBoolean("is_paused", bot.IsPaused);
        if (bot.RetentionDays is { } days)
        {
            json.WriteNumber("retention_days", days);
        }
        else
        {
            json.WriteNull("retention_days");
        }

        json.WriteString("base_url", bot.BaseUrl);
        json.WriteStartObject("webhook");
        WriteTime(json, "told_at", bot.WebhookToldAtMs);
        json.WriteString("error", bot.WebhookError);
        json.WriteEndObject();
        WriteTime(json, "created_at", bot.CreatedAtMs);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, long? unixMs)
    {
        if (unixMs is { } ms)
        {
            json.WriteString(name, DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
