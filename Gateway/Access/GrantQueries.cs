using Gateway.Storage;

namespace Gateway.Access;

/// <param name="ChatId">Null: the grant is on the whole bot.</param>
/// <param name="ThreadId">Zero: the whole chat.</param>
internal sealed record GrantInfo(
    long Id, PrincipalId Principal, long BotId, long? ChatId, long? TelegramChatId, long ThreadId, ChatRights Rights, long CreatedAtMs);

/// <summary>Who may do what where, as lists show it.</summary>
internal sealed class GrantQueries(IDatabase database)
{
    /// <param name="of">Null: everybody's.</param>
    public async Task<IReadOnlyList<GrantInfo>> ListAsync(PrincipalId? of, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText =
            $"""
             SELECT g.id, g.principal_kind, g.principal_id, g.bot_id, g.chat_id, c.bot_id, c.telegram_chat_id, g.thread_id,
                 {GrantAdministration.RightsColumn}, g.created_at_ms
               FROM grants g LEFT JOIN chats c ON c.id = g.chat_id
               WHERE @kind IS NULL OR (g.principal_kind = @kind AND g.principal_id = @id) ORDER BY g.id
             """;
        command.AddParameter("@kind", of is { } one ? (int)one.Kind : null);
        command.AddParameter("@id", of?.Id);
        var list = new List<GrantInfo>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            list.Add(new GrantInfo(
                reader.GetInt64(0),
                new PrincipalId((PrincipalKind)reader.GetInt64(1), reader.GetInt64(2)),
                reader.IsDBNull(3) ? reader.IsDBNull(5) ? 0 : reader.GetInt64(5) : reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetInt64(4),
                reader.IsDBNull(6) ? null : reader.GetInt64(6),
                reader.GetInt64(7),
                (ChatRights)reader.GetInt64(8),
                reader.GetInt64(9)));
        }

        return list;
    }

    /// <summary>The chats that push to the key, with their bots; none: all it may read do.</summary>
    public async Task<IReadOnlyList<(long ChatId, long BotId)>> FeedbackAsync(long keyId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT f.chat_id, c.bot_id FROM feedback_grants f JOIN chats c ON c.id = f.chat_id WHERE f.key_id = @key ORDER BY f.chat_id";
        command.AddParameter("@key", keyId);
        var list = new List<(long, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) list.Add((reader.GetInt64(0), reader.GetInt64(1)));
        return list;
    }
}
