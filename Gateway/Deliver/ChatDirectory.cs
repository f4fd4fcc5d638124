using System.Data.Common;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Deliver;

/// <param name="MigratedTo">The supergroup this group became; zero: none.</param>
internal readonly record struct ChatRow(long Id, long BotId, long MigratedTo);

/// <summary>Which chats and bots there are; asked once per subscription, never per event. Throws <see cref="DbException"/> when the database is away.</summary>
internal sealed class ChatDirectory(IDatabase database)
{
    public async ValueTask<ChatRow?> FindChatAsync(ChatReference chat, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        if (chat.ChatId != 0)
        {
            command.CommandText = "SELECT id, bot_id, migrated_to FROM chats WHERE id = @id";
            Add(command, "@id", chat.ChatId);
        }
        else
        {
            command.CommandText = "SELECT id, bot_id, migrated_to FROM chats WHERE bot_id = @bot AND telegram_chat_id = @chat AND realm = ''";
            Add(command, "@bot", chat.BotId);
            Add(command, "@chat", chat.TelegramChatId);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation)
            ? new ChatRow(reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? 0 : reader.GetInt64(2))
            : null;
    }

    public async ValueTask<bool> BotExistsAsync(long botId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM bots WHERE id = @id";
        Add(command, "@id", botId);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation)) > 0;
    }

    /// <summary>How far an earlier log identity reaches in this database; null when this database never had it.</summary>
    public async ValueTask<long?> FindEndedLogAsync(string logId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT last_seq FROM log_history WHERE log_id = @log";
        Add(command, "@log", logId);
        return await command.ExecuteScalarAsync(cancellation) is { } value and not DBNull ? Convert.ToInt64(value) : null;
    }

    /// <summary>The seq after which the current log identity begins; zero when this database never had another.</summary>
    public async ValueTask<long> FindIdentityStartAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT MAX(last_seq) FROM log_history";
        return await command.ExecuteScalarAsync(cancellation) is { } value and not DBNull ? Convert.ToInt64(value) : 0;
    }

    /// <summary>The bots that the chats belong to.</summary>
    public async ValueTask<HashSet<long>> BotsOfAsync(IEnumerable<long> chatIds, CancellationToken cancellation)
    {
        HashSet<long> bots = [];
        await using var connection = await database.OpenAsync(cancellation);
        foreach (var part in chatIds.Chunk(Limits.Deliver.SelectorEntries))
        {
            await using var command = connection.CreateCommand();
            // Numbers of our own, not text of a client's.
            command.CommandText = $"SELECT DISTINCT bot_id FROM chats WHERE id IN ({string.Join(',', part)})";
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                bots.Add(reader.GetInt64(0));
            }
        }

        return bots;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
