using System.Data.Common;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>A user as lists show it: everything but the password.</summary>
internal sealed record UserInfo(long Id, string Name, bool IsDisabled, long CreatedAtMs)
{
    public List<string> Roles { get; } = [];
}

internal sealed record RoleInfo(string Name, IReadOnlyList<string> Permissions);

/// <summary>Reads users and roles for lists.</summary>
internal sealed class UserQueries(IDatabase database)
{
    public async Task<(IReadOnlyList<UserInfo> Users, long Total)> ListAsync(int offset, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        long total;
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT COUNT(*) FROM users";
            total = Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        }

        return (await ReadAsync(connection, $"ORDER BY id LIMIT {limit} OFFSET {offset}", cancellation), total);
    }

    public async Task<UserInfo?> FindAsync(long id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await ReadAsync(connection, string.Create(CultureInfo.InvariantCulture, $"WHERE id = {id}"), cancellation)) is [var user] ? user : null;
    }

    public async Task<UserInfo?> FindAsync(string name, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await ReadAsync(connection, "WHERE name = @name", cancellation, ("@name", name))) is [var user] ? user : null;
    }

    public async Task<IReadOnlyList<RoleInfo>> RolesAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT r.name, p.name FROM roles r LEFT JOIN role_permissions rp ON rp.role_id = r.id LEFT JOIN permissions p ON p.id = rp.permission_id
              ORDER BY r.id, p.id
            """;
        var roles = new List<(string Name, List<string> Permissions)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            if (roles.Count == 0 || roles[^1].Name != reader.GetString(0)) roles.Add((reader.GetString(0), []));
            if (!reader.IsDBNull(1)) roles[^1].Permissions.Add(reader.GetString(1));
        }

        return [.. roles.Select(role => new RoleInfo(role.Name, role.Permissions))];
    }

    /// <param name="rest">Of the statement; never what a client wrote.</param>
    private static async Task<List<UserInfo>> ReadAsync(
        DbConnection connection, string rest, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT id, name, is_disabled, created_at_ms FROM users {rest}";
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        var users = new List<UserInfo>();
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                users.Add(new UserInfo(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2) != 0, reader.GetInt64(3)));
        }

        if (users.Count == 0) return users;
        var byId = users.ToDictionary(user => user.Id);
        await using var roles = connection.CreateCommand();
        roles.CommandText = $"SELECT u.user_id, r.name FROM user_roles u JOIN roles r ON r.id = u.role_id WHERE u.user_id IN ({string.Join(',', byId.Keys)}) ORDER BY r.id";
        await using var row = await roles.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) byId[row.GetInt64(0)].Roles.Add(row.GetString(1));
        return users;
    }
}
