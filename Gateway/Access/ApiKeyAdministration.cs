using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

/// <param name="Text">Shown once; the database has only its hash.</param>
internal sealed record CreatedApiKey(long Id, string Text);

internal enum ApiKeyStatus
{
    Done,

    /// <summary>It was so already.</summary>
    Unchanged,
    NotFound,

    /// <summary>Whoever asks would make or change a key that may more than itself.</summary>
    NotHeld,
}

/// <summary>
/// Makes, changes, revokes and deletes API keys. Whoever asks (<c>giver</c>; null is the command line, which may everything) must itself have
/// every permission that the key has before and after: else a key with <c>apikeys:write</c> could make itself an admin by way of another.
/// </summary>
internal sealed class ApiKeyAdministration(IDatabase database, KeyRing keys, ApiKeyHasher hasher, TimeProvider time)
{
    /// <returns>Null: the giver does not hold what the key would.</returns>
    public Task<CreatedApiKey?> CreateAsync(Actor actor, Principal? giver, ApiKeySettings settings, CancellationToken cancellation) =>
        CreateAsync(actor, giver, settings, static _ => { }, cancellation);

    /// <param name="handOver">Puts the text where its holder finds it, before it is good for anything: see <see cref="FinishAsync"/>.</param>
    public async Task<CreatedApiKey?> CreateAsync(Actor actor, Principal? giver, ApiKeySettings settings, Action<CreatedApiKey> handOver, CancellationToken cancellation)
    {
        if (!Holds(giver, settings)) return null;

        // Two transactions, because the key's text has its id and hashing takes longer than a transaction may: between them the row's hash
        // is no hash, which no text matches. A crash there leaves a key that nobody has and nobody can use.
        var id = await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var made = await commands.InsertAsync(
                    $"""
                     INSERT INTO api_keys (hash, created_at_ms, {ApiKeyQueries.SettingsColumns}) VALUES ('', @now, @name, @admin, @scopes, @expires, @rate, @burst)
                     """,
                    [("@now", time.GetUtcNow().ToUnixTimeMilliseconds()), .. Parameters(settings)]);
                await AuditAsync(commands, actor, "apikey.create", made, null, settings.ToJson());
                return made;
            },
            cancellation);
        return await FinishAsync(id, handOver, cancellation);
    }

    /// <summary>Gives a key its text, once: one that a crash left without is the only kind that has none. A crash behind the handing over leaves it so.</summary>
    public async Task<CreatedApiKey> FinishAsync(long id, Action<CreatedApiKey> handOver, CancellationToken cancellation)
    {
        var created = new CreatedApiKey(id, ApiKeyText.Create(id, keys));
        var hash = await hasher.HashAsync(created.Text);
        handOver(created);
        await ControlTransaction.RunAsync(
            database,
            commands => commands.ExecuteAsync("UPDATE api_keys SET hash = @hash WHERE id = @id AND hash = ''", ("@hash", hash), ("@id", id)),
            cancellation);
        return created;
    }

    public Task<ApiKeyStatus> UpdateAsync(
        Actor actor, Principal? giver, long id, Func<ApiKeySettings, ApiKeySettings> change, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var before = await ReadAsync(commands, id);
                if (before is null) return ApiKeyStatus.NotFound;
                var after = change(before);
                if (!Holds(giver, before) || !Holds(giver, after)) return ApiKeyStatus.NotHeld;
                if (before == after) return ApiKeyStatus.Unchanged;
                await commands.ExecuteAsync(
                    """
                    UPDATE api_keys SET name = @name, is_admin = @admin, scopes = @scopes, expires_at_ms = @expires, rate_per_second = @rate, rate_burst = @burst
                      WHERE id = @id
                    """,
                    [("@id", id), .. Parameters(after)]);
                await AuditAsync(commands, actor, "apikey.update", id, before.ToJson(), after.ToJson());
                return ApiKeyStatus.Done;
            },
            cancellation);

    public Task<ApiKeyStatus> RevokeAsync(Actor actor, Principal? giver, long id, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var settings = await ReadAsync(commands, id);
                if (settings is null) return ApiKeyStatus.NotFound;
                if (!Holds(giver, settings)) return ApiKeyStatus.NotHeld;
                var changed = await commands.ExecuteAsync(
                    "UPDATE api_keys SET revoked_at_ms = @now WHERE id = @id AND revoked_at_ms IS NULL",
                    ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()),
                    ("@id", id));
                if (changed == 0) return ApiKeyStatus.Unchanged;
                await AuditAsync(commands, actor, "apikey.revoke", id, null, null);
                return ApiKeyStatus.Done;
            },
            cancellation);

    /// <summary>With everything that was granted to it. Its number is never given again.</summary>
    public Task<ApiKeyStatus> DeleteAsync(Actor actor, Principal? giver, long id, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var settings = await ReadAsync(commands, id);
                if (settings is null) return ApiKeyStatus.NotFound;
                if (!Holds(giver, settings)) return ApiKeyStatus.NotHeld;
                await commands.ExecuteAsync("DELETE FROM grants WHERE principal_kind = 1 AND principal_id = @id", ("@id", id));
                await commands.ExecuteAsync("DELETE FROM feedback_grants WHERE key_id = @id", ("@id", id));
                await commands.ExecuteAsync("DELETE FROM tickets WHERE principal_kind = 1 AND principal_id = @id", ("@id", id));
                await commands.ExecuteAsync("DELETE FROM api_keys WHERE id = @id", ("@id", id));
                await AuditAsync(commands, actor, "apikey.delete", id, settings.ToJson(), null);
                return ApiKeyStatus.Done;
            },
            cancellation);

    private static bool Holds(Principal? giver, ApiKeySettings settings) =>
        giver is null || (giver.Has(settings.Permissions) && (giver.Grants.IsAdmin || !settings.IsAdmin));

    private async Task<ApiKeySettings?> ReadAsync(ControlCommands commands, long id) =>
        await commands.ReadRowAsync(
            $"SELECT {ApiKeyQueries.SettingsColumns} FROM api_keys WHERE id = @id{database.ForUpdate}", row => ApiKeyQueries.ReadSettings(row, 0), ("@id", id));

    private static (string, object?)[] Parameters(ApiKeySettings settings) =>
    [
        ("@name", settings.Name), ("@admin", settings.IsAdmin ? 1 : 0), ("@scopes", settings.Scopes), ("@expires", settings.ExpiresAtMs),
        ("@rate", settings.RatePerSecond), ("@burst", settings.RateBurst),
    ];

    private Task AuditAsync(ControlCommands commands, Actor actor, string action, long id, string? before, string? after) =>
        commands.AuditAsync(actor, time.GetUtcNow(), new AuditEntry(action, "api_key", id.ToString(CultureInfo.InvariantCulture), before, after));
}
