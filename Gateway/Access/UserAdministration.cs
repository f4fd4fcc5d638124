using System.Text;
using Gateway.Storage;

namespace Gateway.Access;

internal enum AddUserStatus
{
    Added,
    NameTaken,

    /// <summary>BCrypt reads 72 bytes; longer ones would be equal to their first 72.</summary>
    PasswordTooLong,
    PasswordEmpty,
    UnknownRole,
}

internal readonly record struct AddUserOutcome(AddUserStatus Status, long Id);

/// <summary>Users with passwords, for the admin page of a later version; made now so that the first run shows its password.</summary>
internal sealed class UserAdministration(IDatabase database, TimeProvider time)
{
    /// <summary>2^10 rounds, some 50 ms: logins are limited per address, so the work factor guards stolen hashes only.</summary>
    private const int WorkFactor = 10;

    public const int PasswordMaxBytes = 72;

    public static readonly IReadOnlyList<string> Roles = [Access.Roles.Admin, Access.Roles.Operator, Access.Roles.Viewer];

    public async Task<AddUserOutcome> AddAsync(string name, string role, string password, CancellationToken cancellation)
    {
        if (!Roles.Contains(role)) return new(AddUserStatus.UnknownRole, 0);
        if (password.Length == 0) return new(AddUserStatus.PasswordEmpty, 0);
        if (Encoding.UTF8.GetByteCount(password) > PasswordMaxBytes) return new(AddUserStatus.PasswordTooLong, 0);
        var hash = BCrypt.Net.BCrypt.HashPassword(password, WorkFactor);
        return await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                if (await commands.ReadNumberAsync($"SELECT id FROM users WHERE name = @name{database.ForUpdate}", ("@name", name)) is not null)
                    return new AddUserOutcome(AddUserStatus.NameTaken, 0);
                var id = await commands.InsertAsync(
                    "INSERT INTO users (name, password_hash, created_at_ms) VALUES (@name, @hash, @now)",
                    ("@name", name),
                    ("@hash", hash),
                    ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
                await commands.ExecuteAsync("INSERT INTO user_roles (user_id, role_id) SELECT @user, id FROM roles WHERE name = @role", ("@user", id), ("@role", role));
                return new AddUserOutcome(AddUserStatus.Added, id);
            },
            cancellation);
    }

    public async Task<bool> AnyAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1 FROM users LIMIT 1";
        return await command.ExecuteScalarAsync(cancellation) is not null;
    }
}
