using System.Data.Common;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Log;

/// <summary>The statements of one chat migration, inside its transaction; written once for both engines.</summary>
internal sealed class ChatRows(DbConnection connection, DbTransaction transaction, IDatabase database, TimeProvider time)
{
    private readonly record struct Grant(long Kind, long PrincipalId, long ThreadId, long CanRead, long CanSend, long CanManage);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask<long> FindOrAddAsync(long botId, long telegramId, CancellationToken cancellation)
    {
        var found = await ScalarAsync(
            "SELECT id FROM chats WHERE bot_id = @bot AND telegram_chat_id = @chat AND realm = ''" + database.ForUpdate, cancellation,
            ("@bot", botId), ("@chat", telegramId));
        if (found is { } id) return id;
        await ExecuteAsync("INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', @now)", cancellation,
            ("@bot", botId), ("@chat", telegramId), ("@now", NowMs));
        return (await ScalarAsync("SELECT " + database.LastInsertId, cancellation))!.Value;
    }

    public async ValueTask<bool> IsLinkedAsync(long from, long to, CancellationToken cancellation) =>
        await ScalarAsync("SELECT COUNT(*) FROM chats WHERE id = @from AND migrated_to = @to", cancellation, ("@from", from), ("@to", to)) > 0;

    public async ValueTask<bool> HasEventAsync(long botId, string key, CancellationToken cancellation) =>
        await ScalarAsync("SELECT COUNT(*) FROM events WHERE bot_id = @bot AND dedup_key = @key", cancellation, ("@bot", botId), ("@key", key)) > 0;

    public async ValueTask LinkAsync(long from, long to, CancellationToken cancellation)
    {
        await ExecuteAsync("UPDATE chats SET migrated_to = @to WHERE id = @from", cancellation, ("@from", from), ("@to", to));
        await ExecuteAsync("UPDATE chats SET migrated_from = @from WHERE id = @to", cancellation, ("@from", from), ("@to", to));
        await ExecuteAsync("UPDATE control_version SET version = version + 1 WHERE id = 1", cancellation);
    }

    /// <summary>Whoever had a grant on the old chat has at least the same on the new one; the old chat keeps its own, for its history.</summary>
    public async ValueTask<int> MergeGrantsAsync(long from, long to, CancellationToken cancellation)
    {
        var grants = await GrantsOfAsync(from, cancellation);
        foreach (var grant in grants)
        {
            (string, object?)[] values =
                [("@kind", grant.Kind), ("@principal", grant.PrincipalId), ("@thread", grant.ThreadId), ("@to", to), ("@read", grant.CanRead), ("@send", grant.CanSend), ("@manage", grant.CanManage), ("@now", NowMs)];
            var existing = await ScalarAsync("SELECT id FROM grants WHERE principal_kind = @kind AND principal_id = @principal AND thread_id = @thread AND chat_id = @to" + database.ForUpdate,
                cancellation, values[..4]);
            await ExecuteAsync(
                existing is null
                    ? """
                      INSERT INTO grants (principal_kind, principal_id, thread_id, chat_id, can_read, can_send, can_manage, created_at_ms)
                        VALUES (@kind, @principal, @thread, @to, @read, @send, @manage, @now)
                      """
                    : """
                      UPDATE grants SET can_read = CASE WHEN @read > can_read THEN @read ELSE can_read END,
                        can_send = CASE WHEN @send > can_send THEN @send ELSE can_send END,
                        can_manage = CASE WHEN @manage > can_manage THEN @manage ELSE can_manage END
                      WHERE principal_kind = @kind AND principal_id = @principal AND thread_id = @thread AND chat_id = @to
                      """,
                cancellation, existing is null ? values : values[..7]);
        }

        // The key was pushed the group's events and goes on being so.
        await ExecuteAsync(
            """
            INSERT INTO feedback_grants (key_id, chat_id, created_at_ms) SELECT f.key_id, @to, @now FROM feedback_grants f
              WHERE f.chat_id = @from AND NOT EXISTS (SELECT 1 FROM feedback_grants n WHERE n.key_id = f.key_id AND n.chat_id = @to)
            """,
            cancellation, ("@from", from), ("@to", to), ("@now", NowMs));
        return grants.Count;
    }

    private async ValueTask<List<Grant>> GrantsOfAsync(long chat, CancellationToken cancellation)
    {
        var grants = new List<Grant>();
        await using var command = Command(
            "SELECT principal_kind, principal_id, thread_id, can_read, can_send, can_manage FROM grants WHERE chat_id = @chat" + database.ForUpdate, [("@chat", chat)]);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            grants.Add(new(Number(reader, 0), Number(reader, 1), Number(reader, 2), Number(reader, 3), Number(reader, 4), Number(reader, 5)));
        return grants;

        // MySQL's TINYINT comes as another type than SQLite's INTEGER.
        static long Number(DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
    }

    private async ValueTask ExecuteAsync(string sql, CancellationToken cancellation, params (string, object?)[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async ValueTask<long?> ScalarAsync(string sql, CancellationToken cancellation, params (string, object?)[] values)
    {
        await using var command = Command(sql, values);
        var value = await command.ExecuteScalarAsync(cancellation);
        return value is null or DBNull ? null : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in values) command.AddParameter(name, value);
        return command;
    }
}
