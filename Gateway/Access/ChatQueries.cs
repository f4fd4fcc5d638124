using System.Data.Common;
using System.Globalization;
using System.Text;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Access;

/// <param name="Viewer">Null: sees all chats.</param>
/// <param name="Text">A part of title, user name or label.</param>
internal sealed record ChatFilter(PrincipalId? Viewer, long? BotId, string? Text);

/// <summary>Reads chats. Lists are cut to what their viewer may read in SQL, so that total and pages count nothing else.</summary>
internal sealed class ChatQueries(IDatabase database)
{
    private const string Seen =
        """
         AND (c.id IN (SELECT g.chat_id FROM grants g WHERE g.principal_kind = @kind AND g.principal_id = @principal AND g.can_read = 1 AND g.chat_id IS NOT NULL)
           OR c.bot_id IN (SELECT g.bot_id FROM grants g WHERE g.principal_kind = @kind AND g.principal_id = @principal AND g.can_read = 1 AND g.bot_id IS NOT NULL))
        """;

    private const string Named = " AND (LOWER(c.title) LIKE @text ESCAPE '!' OR LOWER(c.username) LIKE @text ESCAPE '!' OR LOWER(c.label) LIKE @text ESCAPE '!')";

    public async Task<(IReadOnlyList<ChatInfo> Chats, long Total)> ListAsync(ChatFilter filter, int offset, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // SQLite's own knows only ASCII.
        if (connection is SqliteConnection sqlite) sqlite.CreateFunction("lower", (string? text) => text?.ToLowerInvariant(), isDeterministic: true);
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT COUNT(*) FROM chats c" + Where(filter, count);
        var total = Convert.ToInt64(await count.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {ChatInfo.Columns} FROM chats c{Where(filter, command)} ORDER BY c.id LIMIT @limit OFFSET @offset";
        command.AddParameter("@limit", limit);
        command.AddParameter("@offset", offset);
        List<ChatInfo> chats = [];
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation)) chats.Add(ChatInfo.Read(rows));
        return (chats, total);
    }

    /// <summary>Whoever may see it: the caller asks that of his grants. One statement whether it is there or not.</summary>
    public async Task<ChatInfo?> FindAsync(ChatName chat, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {ChatInfo.Columns} FROM chats c WHERE "
            + (chat.ChatId != 0 ? "c.id = @chat" : "c.bot_id = @bot AND c.telegram_chat_id = @chat AND c.realm = ''");
        command.AddParameter("@chat", chat.ChatId != 0 ? chat.ChatId : chat.TelegramChatId);
        if (chat.ChatId == 0) command.AddParameter("@bot", chat.BotId);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        return await rows.ReadAsync(cancellation) ? ChatInfo.Read(rows) : null;
    }

    /// <summary>Whether the principal has any right on the bot or in one of its chats; null: there is no such bot.</summary>
    public async Task<bool?> SeesBotAsync(PrincipalId principal, long botId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT (SELECT COUNT(*) FROM grants g LEFT JOIN chats c ON c.id = g.chat_id WHERE g.principal_kind = @kind AND g.principal_id = @principal "
            + "AND g.can_read + g.can_send + g.can_manage > 0 AND (g.bot_id = @bot OR c.bot_id = @bot)) FROM bots b WHERE b.id = @bot AND b.mode <> 'removed'";
        command.AddParameter("@kind", (int)principal.Kind);
        command.AddParameter("@principal", principal.Id);
        command.AddParameter("@bot", botId);
        return await command.ExecuteScalarAsync(cancellation) is { } rights ? Convert.ToInt64(rights, CultureInfo.InvariantCulture) > 0 : null;
    }

    private static string Where(ChatFilter filter, DbCommand command)
    {
        var where = new StringBuilder(" WHERE c.id > 0");
        if (filter.BotId is { } bot)
        {
            where.Append(" AND c.bot_id = @bot");
            command.AddParameter("@bot", bot);
        }

        if (filter.Text is { Length: > 0 } text)
        {
            where.Append(Named);
            command.AddParameter("@text", $"%{text.ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%");
        }

        if (filter.Viewer is { } viewer)
        {
            where.Append(Seen);
            command.AddParameter("@kind", (int)viewer.Kind);
            command.AddParameter("@principal", viewer.Id);
        }

        return where.ToString();
    }
}
