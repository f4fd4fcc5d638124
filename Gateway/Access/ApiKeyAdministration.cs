using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>A key as lists show it: everything but the key.</summary>
internal sealed record ApiKeyInfo(long Id, string Name, bool IsAdmin, string? Scopes, long? ExpiresAtMs, long? RevokedAtMs, long CreatedAtMs);

/// <param name="Text">Shown once; the database has only its hash.</param>
internal sealed record CreatedApiKey(long Id, string Text);

internal enum RevokeStatus
{
    Revoked,
    AlreadyRevoked,
    NotFound,
}

/// <summary>Makes, lists and revokes API keys.</summary>
internal sealed class ApiKeyAdministration(IDatabase database, KeyRing keys, ApiKeyHasher hasher, TimeProvider time)
{
    public async Task<CreatedApiKey> CreateAsync(string name, bool isAdmin, string? scopes, long? expiresAtMs, CancellationToken cancellation)
    {
        // Two transactions, because the key's text has its id and hashing takes longer than a transaction may: between them the row's hash
        // is no hash, which no text matches. A crash there leaves a key that nobody has and nobody can use.
        var id = await ControlTransaction.RunAsync(
            database,
            commands => commands.InsertAsync(
                "INSERT INTO api_keys (name, hash, is_admin, scopes, expires_at_ms, created_at_ms) VALUES (@name, '', @admin, @scopes, @expires, @now)",
                ("@name", name),
                ("@admin", isAdmin ? 1 : 0),
                ("@scopes", scopes),
                ("@expires", expiresAtMs),
                ("@now", time.GetUtcNow().ToUnixTimeMilliseconds())),
            cancellation);
        var text = ApiKeyText.Create(id, keys);
        var hash = await hasher.HashAsync(text);
        await ControlTransaction.RunAsync(
            database,
            commands => commands.ExecuteAsync("UPDATE api_keys SET hash = @hash WHERE id = @id", ("@hash", hash), ("@id", id)),
            cancellation);
        return new CreatedApiKey(id, text);
    }

    public Task<RevokeStatus> RevokeAsync(long id, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var changed = await commands.ExecuteAsync(
                    "UPDATE api_keys SET revoked_at_ms = @now WHERE id = @id AND revoked_at_ms IS NULL",
                    ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()),
                    ("@id", id));
                if (changed > 0) return RevokeStatus.Revoked;
                return await commands.ReadNumberAsync("SELECT id FROM api_keys WHERE id = @id", ("@id", id)) is null ? RevokeStatus.NotFound : RevokeStatus.AlreadyRevoked;
            },
            cancellation);

    public async Task<IReadOnlyList<ApiKeyInfo>> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, name, is_admin, scopes, expires_at_ms, revoked_at_ms, created_at_ms FROM api_keys ORDER BY id";
        var list = new List<ApiKeyInfo>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            list.Add(new ApiKeyInfo(
                reader.GetInt64(0),
                reader.GetString(1),
                reader.GetInt64(2) != 0,
                reader.IsDBNull(3) ? null : reader.GetString(3),
                NullableNumber(reader, 4),
                NullableNumber(reader, 5),
                reader.GetInt64(6)));
        }

        return list;
    }

    private static long? NullableNumber(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);
}
