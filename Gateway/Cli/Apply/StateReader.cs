using System.Data.Common;
using Gateway.Ingest;
using Gateway.Storage;

namespace Gateway.Cli.Apply;

/// <summary>
/// Reads a <see cref="CurrentState"/>. Chats may be a hundred thousand, so only those that the file or a grant names, and where they have moved to.
/// </summary>
internal sealed class StateReader(DbConnection connection, ConfigurationFile file, CancellationToken cancellation)
{
    public static async Task<CurrentState> ReadAsync(IDatabase database, ConfigurationFile file, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var reader = new StateReader(connection, file, cancellation);
        var bots = await reader.ReadBotsAsync();
        var grants = await reader.ReadGrantsAsync();
        var feedback = await reader.ReadFeedbackAsync();
        return new CurrentState(bots, await reader.ReadKeysAsync(), await reader.ReadUsersAsync(), grants, feedback, await reader.ReadChatsAsync(bots, grants, feedback));
    }

    private Task<List<CurrentBot>> ReadBotsAsync() => ReadAsync(
        $"SELECT id, telegram_id, username, mode, token_hash, webhook_secret_hash, secret_token_hash, base_url, label, retention_days FROM bots WHERE mode <> '{BotModes.Removed}' ORDER BY id",
        row => new CurrentBot(row.GetInt64(0), row.GetInt64(1), Text(row, 2), row.GetString(3), Bytes(row, 4)!, Bytes(row, 5)!, Bytes(row, 6), Text(row, 7), Text(row, 8), (int?)Number(row, 9)));

    private Task<List<CurrentKey>> ReadKeysAsync() => ReadAsync(
        "SELECT id, name, is_admin, scopes, expires_at_ms, rate_per_second, rate_burst, hash FROM api_keys WHERE revoked_at_ms IS NULL ORDER BY id",
        row => new CurrentKey(row.GetInt64(0), row.GetString(1), row.GetInt64(2) != 0, Text(row, 3), Number(row, 4), (int?)Number(row, 5), (int?)Number(row, 6), row.GetString(7).Length > 0));

    private async Task<List<CurrentUser>> ReadUsersAsync()
    {
        var roles = (await ReadAsync("SELECT u.user_id, r.name FROM user_roles u JOIN roles r ON r.id = u.role_id", row => (UserId: row.GetInt64(0), Role: row.GetString(1)))).ToLookup(row => row.UserId, row => row.Role);
        return await ReadAsync(
            "SELECT id, name, password_hash, is_disabled FROM users ORDER BY id",
            row => new CurrentUser(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3) != 0, [.. roles[row.GetInt64(0)]]));
    }

    /// <summary>Not of revoked keys: they stay for the record and give nothing.</summary>
    private Task<List<CurrentGrant>> ReadGrantsAsync() => ReadAsync(
        "SELECT id, principal_kind, principal_id, bot_id, chat_id, thread_id, can_read, can_send, can_manage FROM grants "
        + "WHERE principal_kind = 2 OR principal_id IN (SELECT id FROM api_keys WHERE revoked_at_ms IS NULL) ORDER BY id",
        row => new CurrentGrant(
            row.GetInt64(0),
            row.GetInt64(1) == 1 ? row.GetInt64(2) : null,
            row.GetInt64(1) == 2 ? row.GetInt64(2) : null,
            Number(row, 3),
            Number(row, 4),
            row.GetInt64(5),
            row.GetInt64(6) != 0,
            row.GetInt64(7) != 0,
            row.GetInt64(8) != 0));

    private Task<List<CurrentFeedback>> ReadFeedbackAsync() => ReadAsync(
        "SELECT key_id, chat_id FROM feedback_grants WHERE key_id IN (SELECT id FROM api_keys WHERE revoked_at_ms IS NULL) ORDER BY key_id, chat_id",
        row => new CurrentFeedback(row.GetInt64(0), row.GetInt64(1)));

    private async Task<Dictionary<long, CurrentChat>> ReadChatsAsync(List<CurrentBot> bots, List<CurrentGrant> grants, List<CurrentFeedback> feedback)
    {
        var chats = new Dictionary<long, CurrentChat>();
        var named = (file.Chats ?? []).Select(chat => (chat.Bot, Chat: chat.TelegramId))
            .Concat((file.Grants ?? []).Where(grant => grant.Chat is not null).Select(grant => (grant.Bot, Chat: grant.Chat!.Value)))
            .Concat((file.Feedback ?? []).Select(entry => (entry.Bot, entry.Chat)));
        foreach (var (bot, chat) in named.Distinct())
        {
            if (bots.Find(each => each.TelegramId == bot) is { } there)
                await AddAsync(chats, "c.bot_id = @bot AND c.telegram_chat_id = @chat AND c.realm = ''", ("@bot", there.Id), ("@chat", chat));
        }

        foreach (var id in grants.Select(grant => grant.ChatId).OfType<long>().Concat(feedback.Select(entry => entry.ChatId)).Distinct()) await AddByIdAsync(chats, id);
        return chats;
    }

    private Task AddByIdAsync(Dictionary<long, CurrentChat> chats, long id) => chats.ContainsKey(id) ? Task.CompletedTask : AddAsync(chats, "c.id = @id", ("@id", id));

    private async Task AddAsync(Dictionary<long, CurrentChat> chats, string condition, params (string Name, object? Value)[] parameters)
    {
        var found = await ReadAsync(
            $"SELECT c.id, b.telegram_id, c.telegram_chat_id, c.realm, c.label, c.migrated_to FROM chats c JOIN bots b ON b.id = c.bot_id WHERE {condition}",
            row => new CurrentChat(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetString(3), Text(row, 4), Number(row, 5)),
            parameters);
        foreach (var chat in found)
        {
            if (chats.TryAdd(chat.Id, chat) && chat.MigratedTo is { } next) await AddByIdAsync(chats, next);
        }
    }

    private async Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> make, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) rows.Add(make(reader));
        return rows;
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static byte[]? Bytes(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);
}
