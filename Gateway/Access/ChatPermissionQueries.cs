using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

/// <param name="Name">The key's or user's; null: it is gone.</param>
/// <param name="ThreadId">Zero: the whole chat.</param>
internal sealed record ChatPermission(PrincipalId Principal, string? Name, long ChatId, long ThreadId, ChatRights Rights, long CreatedAtMs);

/// <summary>Who may do what in a chat by a right on the chat itself; rights on its bot are the bot's.</summary>
internal sealed class ChatPermissionQueries(IDatabase database)
{
    private const string Columns =
        $"""
         SELECT g.principal_kind, g.principal_id, COALESCE(k.name, u.name), g.chat_id, g.thread_id, {GrantAdministration.RightsColumn}, g.created_at_ms
           FROM grants g LEFT JOIN api_keys k ON g.principal_kind = 1 AND k.id = g.principal_id LEFT JOIN users u ON g.principal_kind = 2 AND u.id = g.principal_id
        """;

    public async Task<(IReadOnlyList<ChatPermission> Permissions, long Total)> ListAsync(long chatId, int offset, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT COUNT(*) FROM grants WHERE chat_id = @chat";
        count.AddParameter("@chat", chatId);
        var total = Convert.ToInt64(await count.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        var list = await ReadAsync(" WHERE g.chat_id = @chat ORDER BY g.id LIMIT @limit OFFSET @offset",
            [("@chat", chatId), ("@limit", limit), ("@offset", offset)], connection, cancellation);
        return (list, total);
    }

    public async Task<ChatPermission?> FindAsync(long grantId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var found = await ReadAsync(" WHERE g.id = @id", [("@id", grantId)], connection, cancellation);
        return found.Count > 0 ? found[0] : null;
    }

    private static async Task<List<ChatPermission>> ReadAsync(
        string where, (string Name, object Value)[] parameters, System.Data.Common.DbConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Columns + where;
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        var list = new List<ChatPermission>();
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            list.Add(new(
                new PrincipalId((PrincipalKind)row.GetInt64(0), row.GetInt64(1)),
                row.IsDBNull(2) ? null : row.GetString(2),
                row.GetInt64(3),
                row.GetInt64(4),
                (ChatRights)row.GetInt64(5),
                row.GetInt64(6)));
        }

        return list;
    }
}
