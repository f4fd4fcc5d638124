using Gateway.Storage;

namespace Gateway.Access;

/// <summary>A user inside a transaction that changes it.</summary>
internal sealed record UserRow(string Name, bool IsDisabled, string[] Roles)
{
    public bool IsActiveAdmin => !IsDisabled && Roles.Contains(Access.Roles.Admin);
}

/// <summary>Users and their roles within one transaction, which holds all other such changes back: "the last admin" is a question about all of them.</summary>
internal sealed class UserTable
{
    private readonly ControlCommands commands;
    private readonly Dictionary<string, (long Id, Permission Permissions)> roles = new(StringComparer.Ordinal);

    private UserTable(ControlCommands commands) => this.commands = commands;

    public static async Task<UserTable> OpenAsync(ControlCommands commands, IDatabase database)
    {
        // One row that every change of users locks, whatever it changes.
        await commands.ReadNumberAsync($"SELECT id FROM roles WHERE name = '{Roles.Admin}'{database.ForUpdate}");
        var table = new UserTable(commands);
        var rows = await commands.ReadRowsAsync(
            """
            SELECT r.id, r.name, p.name FROM roles r LEFT JOIN role_permissions rp ON rp.role_id = r.id LEFT JOIN permissions p ON p.id = rp.permission_id
            """,
            row => (Id: row.GetInt64(0), Name: row.GetString(1), Permission: row.IsDBNull(2) ? "" : row.GetString(2)));
        foreach (var row in rows)
        {
            var known = table.roles.GetValueOrDefault(row.Name).Permissions;
            table.roles[row.Name] = (row.Id, PermissionNames.TryParse(row.Permission, out var one) ? known | one : known);
        }

        return table;
    }

    /// <summary>The first that is no role; null: all are.</summary>
    public string? UnknownRole(IEnumerable<string> names) => names.FirstOrDefault(name => !roles.ContainsKey(name));

    /// <summary>Whether the authority holds everything that these roles give.</summary>
    public bool Covers(Authority authority, IReadOnlyCollection<string> names)
    {
        var all = Permission.None;
        foreach (var name in names) all |= roles[name].Permissions;
        return authority.Covers(all, names.Contains(Roles.Admin));
    }

    public Task<long?> FindIdAsync(string name) => commands.ReadNumberAsync("SELECT id FROM users WHERE name = @name", ("@name", name));

    public async Task<UserRow?> ReadAsync(long id)
    {
        var names = await commands.ReadRowsAsync(
            "SELECT r.name FROM user_roles u JOIN roles r ON r.id = u.role_id WHERE u.user_id = @id ORDER BY r.id", row => row.GetString(0), ("@id", id));
        return await commands.ReadRowAsync(
            "SELECT name, is_disabled FROM users WHERE id = @id", row => new UserRow(row.GetString(0), row.GetInt64(1) != 0, [.. names]), ("@id", id));
    }

    public async Task<bool> HasOtherAdminAsync(long id) =>
        await commands.ReadNumberAsync(
            """
            SELECT u.id FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.id = ur.role_id
              WHERE r.name = @admin AND u.is_disabled = 0 AND u.id <> @id LIMIT 1
            """,
            ("@admin", Roles.Admin),
            ("@id", id)) is not null;

    /// <summary>Whether chats or bots are open to the user that its roles do not tell.</summary>
    public async Task<bool> HasGrantsAsync(long id) =>
        await commands.ReadNumberAsync($"SELECT id FROM grants WHERE principal_kind = {(int)PrincipalKind.User} AND principal_id = @id LIMIT 1", ("@id", id)) is not null;

    /// <param name="passwordHash">Null: stays.</param>
    public async Task WriteAsync(long id, UserRow before, UserRow after, string? passwordHash)
    {
        await commands.ExecuteAsync(
            "UPDATE users SET name = @name, is_disabled = @disabled, password_hash = COALESCE(@hash, password_hash) WHERE id = @id",
            ("@name", after.Name),
            ("@disabled", after.IsDisabled ? 1 : 0),
            ("@hash", passwordHash),
            ("@id", id));
        if (!before.Roles.SequenceEqual(after.Roles)) await SetRolesAsync(id, after.Roles);
    }

    public async Task SetRolesAsync(long id, IReadOnlyCollection<string> names)
    {
        await commands.ExecuteAsync("DELETE FROM user_roles WHERE user_id = @id", ("@id", id));
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            await commands.ExecuteAsync("INSERT INTO user_roles (user_id, role_id) VALUES (@id, @role)", ("@id", id), ("@role", roles[name].Id));
        }
    }

    /// <summary>With everything that is the user's.</summary>
    public async Task DeleteAsync(long id)
    {
        string[] statements =
        [
            // First: a login that runs beside this locks the user's row. Either it is over, and its session is seen below, or it finds no user any more.
            "DELETE FROM users WHERE id = @id",
            "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = @id)",
            "DELETE FROM sessions WHERE user_id = @id",
            $"DELETE FROM tickets WHERE principal_kind = {(int)PrincipalKind.User} AND principal_id = @id",
            $"DELETE FROM grants WHERE principal_kind = {(int)PrincipalKind.User} AND principal_id = @id",
            "DELETE FROM user_roles WHERE user_id = @id",
        ];
        foreach (var statement in statements) await commands.ExecuteAsync(statement, ("@id", id));
    }
}
