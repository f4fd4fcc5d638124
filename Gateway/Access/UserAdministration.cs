using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Storage;

namespace Gateway.Access;

internal enum UserStatus
{
    Done,
    NotFound,
    NameTaken,

    /// <summary>Too short or too long; see <see cref="PasswordHasher.Problem"/>.</summary>
    InvalidPassword,
    UnknownRole,

    /// <summary>Nobody would be left who may do everything.</summary>
    LastAdmin,

    /// <summary>The user has, or would get, more than whoever makes the change.</summary>
    ExceedsAuthority,
}

/// <param name="Detail">Of an invalid password: why. Of an unknown role: which.</param>
internal readonly record struct UserOutcome(UserStatus Status, long Id = 0, string? Detail = null);

/// <summary>What changes; null: stays.</summary>
internal sealed record UserChange(string? Name = null, IReadOnlyCollection<string>? Roles = null, bool? IsDisabled = null, string? Password = null);

/// <summary>Adds, changes and removes users. A new password, disabling and removal end the user's sessions in the same transaction.</summary>
internal sealed class UserAdministration(IDatabase database, PasswordHasher hasher, TimeProvider time)
{
    public async Task<UserOutcome> AddAsync(
        Actor actor, Authority authority, string name, IReadOnlyCollection<string> roles, string password, CancellationToken cancellation)
    {
        if (PasswordHasher.Problem(password) is { } problem) return new(UserStatus.InvalidPassword, Detail: problem);
        var hash = await hasher.HashAsync(password);
        return await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var table = await UserTable.OpenAsync(commands, database);
                if (table.UnknownRole(roles) is { } unknown) return new(UserStatus.UnknownRole, Detail: unknown);
                if (!table.Covers(authority, roles)) return new(UserStatus.ExceedsAuthority);
                if (await table.FindIdAsync(name) is not null) return new(UserStatus.NameTaken);
                var now = time.GetUtcNow();
                var id = await commands.InsertAsync(
                    "INSERT INTO users (name, password_hash, created_at_ms) VALUES (@name, @hash, @now)",
                    ("@name", name),
                    ("@hash", hash),
                    ("@now", now.ToUnixTimeMilliseconds()));
                await table.SetRolesAsync(id, roles);
                await commands.AuditAsync(actor, now, Entry("user.add", id, null, Describe(new(name, false, [.. roles]))));
                return new UserOutcome(UserStatus.Done, id);
            },
            cancellation);
    }

    public async Task<UserOutcome> ChangeAsync(Actor actor, Authority authority, long id, UserChange change, CancellationToken cancellation)
    {
        if (change.Password is not null && PasswordHasher.Problem(change.Password) is { } problem) return new(UserStatus.InvalidPassword, id, problem);
        var hash = change.Password is null ? null : await hasher.HashAsync(change.Password);
        return await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var table = await UserTable.OpenAsync(commands, database);
                if (await table.ReadAsync(id) is not { } before) return new(UserStatus.NotFound, id);
                var after = new UserRow(change.Name ?? before.Name, change.IsDisabled ?? before.IsDisabled, [.. change.Roles ?? before.Roles]);
                if (table.UnknownRole(after.Roles) is { } unknown) return new(UserStatus.UnknownRole, id, unknown);
                if (!table.Covers(authority, before.Roles) || !table.Covers(authority, after.Roles)) return new(UserStatus.ExceedsAuthority, id);
                // Who sets a password can log in with it, and reads what is granted to that user.
                if (hash is not null && !authority.Covers(Permission.None, isAdmin: true) && await table.HasGrantsAsync(id)) return new(UserStatus.ExceedsAuthority, id);
                if (before.IsActiveAdmin && !after.IsActiveAdmin && !await table.HasOtherAdminAsync(id)) return new(UserStatus.LastAdmin, id);
                if (after.Name != before.Name && await table.FindIdAsync(after.Name) is not null) return new(UserStatus.NameTaken, id);
                var now = time.GetUtcNow();
                await table.WriteAsync(id, before, after, hash);
                if (hash is not null || (after.IsDisabled && !before.IsDisabled)) await Sessions.EndAllAsync(commands, id, now);
                await commands.AuditAsync(actor, now, Entry("user.change", id, Describe(before), Describe(after, hash is not null)));
                return new UserOutcome(UserStatus.Done, id);
            },
            cancellation);
    }

    public Task<UserOutcome> DeleteAsync(Actor actor, Authority authority, long id, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var table = await UserTable.OpenAsync(commands, database);
                if (await table.ReadAsync(id) is not { } before) return new(UserStatus.NotFound, id);
                if (!table.Covers(authority, before.Roles)) return new(UserStatus.ExceedsAuthority, id);
                if (before.IsActiveAdmin && !await table.HasOtherAdminAsync(id)) return new(UserStatus.LastAdmin, id);
                await table.DeleteAsync(id);
                await commands.AuditAsync(actor, time.GetUtcNow(), Entry("user.delete", id, Describe(before), null));
                return new UserOutcome(UserStatus.Done, id);
            },
            cancellation);

    /// <summary>Null: there is no such user, or it may not come in.</summary>
    public async Task<string?> ReadHashAsync(long id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT password_hash FROM users WHERE id = @id AND is_disabled = 0";
        command.AddParameter("@id", id);
        return (string?)await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>A user's own change. False: the password is not the one that was verified any more.</summary>
    public Task<bool> ReplaceHashAsync(Actor actor, long id, string verifiedHash, string newHash, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var changed = await commands.ExecuteAsync(
                    "UPDATE users SET password_hash = @new WHERE id = @id AND password_hash = @old AND is_disabled = 0",
                    ("@new", newHash),
                    ("@id", id),
                    ("@old", verifiedHash));
                if (changed == 0) return false;
                var now = time.GetUtcNow();
                await Sessions.EndAllAsync(commands, id, now);
                await commands.AuditAsync(actor, now, Entry("user.password", id, null, null));
                return true;
            },
            cancellation);

    public async Task<bool> AnyAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1 FROM users LIMIT 1";
        return await command.ExecuteScalarAsync(cancellation) is not null;
    }

    private static AuditEntry Entry(string action, long id, string? before, string? after) =>
        new(action, "user", id.ToString(CultureInfo.InvariantCulture), before, after);

    private static string Describe(UserRow user, bool hasNewPassword = false)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name", user.Name);
            json.WriteStartArray("roles");
            foreach (var role in user.Roles) json.WriteStringValue(role);
            json.WriteEndArray();
            json.WriteBoolean("is_disabled", user.IsDisabled);
            // That it changed, never to what.
            if (hasNewPassword) json.WriteBoolean("password_changed", true);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
