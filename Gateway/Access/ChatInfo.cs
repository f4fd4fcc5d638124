using System.Data.Common;

namespace Gateway.Access;

/// <summary>A chat as lists show it. What Telegram said of it last, and the label that people here gave it.</summary>
internal sealed record ChatInfo(long Id, long BotId, long TelegramChatId)
{
    public const string Columns = "c.id, c.bot_id, c.telegram_chat_id, c.realm, c.type, c.title, c.username, c.label, c.migrated_from, c.migrated_to, c.created_at_ms";

    /// <summary>Empty: the bot's own chat; else a business connection's or a guest chat with the same Telegram id.</summary>
    public string Realm { get; init; } = "";
    public string? Type { get; init; }
    public string? Title { get; init; }
    public string? Username { get; init; }
    public string? Label { get; init; }
    public long? MigratedFrom { get; init; }
    public long? MigratedTo { get; init; }
    public long CreatedAtMs { get; init; }

    public static ChatInfo Read(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))
    {
        Realm = row.GetString(3),
        Type = Text(row, 4),
        Title = Text(row, 5),
        Username = Text(row, 6),
        Label = Text(row, 7),
        MigratedFrom = Number(row, 8),
        MigratedTo = Number(row, 9),
        CreatedAtMs = row.GetInt64(10),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
