using System.Data.Common;
using System.Text;
using System.Text.Json;

namespace Gateway.Ingest;

/// <summary>A bot as it may be shown: its row without the secrets.</summary>
/// <param name="WebhookToldAtMs">When Telegram last took our word where the updates go: a webhook set, or deleted for polling.</param>
/// <param name="WebhookError">Why it last did not; null when it did.</param>
/// <param name="Revision">Counts the changes.</param>
internal sealed record BotInfo(
    long Id,
    long TelegramId,
    string? Username,
    string? FirstName,
    string? Label,
    string Mode,
    bool IsPaused,
    int? RetentionDays,
    string? BaseUrl,
    long? WebhookToldAtMs,
    string? WebhookError,
    long Revision,
    long CreatedAtMs)
{
    /// <summary>What <see cref="Read"/> reads, in its order.</summary>
    public const string Columns =
        "id, telegram_id, username, first_name, label, mode, is_paused, retention_days, base_url, webhook_told_at_ms, webhook_error, revision, created_at_ms";

    /// <summary>How many columns these are: what a caller selects besides begins there.</summary>
    public const int ColumnCount = 13;

    public static BotInfo Read(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetInt64(1),
        Text(row, 2),
        Text(row, 3),
        Text(row, 4),
        row.GetString(5),
        row.GetInt64(6) != 0,
        row.IsDBNull(7) ? null : row.GetInt32(7),
        Text(row, 8),
        row.IsDBNull(9) ? null : row.GetInt64(9),
        Text(row, 10),
        row.GetInt64(11),
        row.GetInt64(12));

    /// <summary>For the audit log: what of the bot can be changed.</summary>
    public string AuditJson()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("telegram_id", TelegramId);
            json.WriteString("label", Label);
            json.WriteString("mode", Mode);
            json.WriteBoolean("is_paused", IsPaused);
            if (RetentionDays is { } days) json.WriteNumber("retention_days", days);
            json.WriteString("base_url", BaseUrl);
            json.WriteString("webhook_error", WebhookError);
            json.WriteNumber("revision", Revision);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
