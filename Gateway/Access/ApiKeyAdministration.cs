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
    public async Task<CreatedApiKey?> CreateAsync(Actor actor, Principal? giver, ApiKeySettings settings, CancellationToken cancellation)
    {
        if (!Holds(giver, settings)) return null;
        var id = await InsertAsync(actor, settings, isOnly: false, cancellation);
        // An apply that found the row without a text has given it another one: whoever asks here gets a key of his own, and never a text that nothing takes.
        return await FinishAsync(id!.Value, null, null, cancellation) ?? await CreateAsync(actor, giver, settings, cancellation);
    }

    /// <summary>For those who know keys by their names: two of them at once make one key. Show and save as <see cref="FinishAsync"/> says.</summary>
    /// <returns>Null: another has made a key of this name meanwhile.</returns>
    public async Task<CreatedApiKey?> CreateOnlyAsync(
        Actor actor, ApiKeySettings settings, Action<CreatedApiKey>? show, Action<CreatedApiKey>? save, CancellationToken cancellation) =>
        await InsertAsync(actor, settings, isOnly: true, cancellation) is { } id ? await FinishAsync(id, show, save, cancellation) : null;

    /// <summary>Gives a key its text, once: one that a crash left without is the only kind that has none. A crash behind show or save leaves it so.</summary>
    /// <param name="show">Before the transaction, which a terminal that its user has stopped must not hold open.</param>
    /// <param name="save">Inside it: of two that finish one key, only the one whose text the key gets may write it where the other would, too.</param>
    /// <returns>Null: another has given it its text, or taken it away.</returns>
    public async Task<CreatedApiKey?> FinishAsync(long id, Action<CreatedApiKey>? show, Action<CreatedApiKey>? save, CancellationToken cancellation)
    {
        var created = new CreatedApiKey(id, ApiKeyText.Create(id, keys));
        var hash = await hasher.HashAsync(created.Text);
        show?.Invoke(created);
        return await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var there = await commands.ReadRowAsync($"SELECT hash FROM api_keys WHERE id = @id{database.ForUpdate}", row => row.GetString(0), ("@id", id));
                // Ours: the transaction was made, and only its answer was lost.
                if (there == hash) return created;
                if (there is not "") return null;
                save?.Invoke(created);
                await commands.ExecuteAsync("UPDATE api_keys SET hash = @hash WHERE id = @id", ("@hash", hash), ("@id", id));
                return created;
            },
            cancellation);
    }

    /// <summary>
    /// The first of two transactions, because the key's text has its id and hashing takes longer than a transaction may: between them the row's hash is no
    /// hash, which no text matches. A crash there leaves a key that nobody has and nobody can use.
    /// </summary>
    /// <param name="isOnly">Null is answered where there is one of this name.</param>
    private Task<long?> InsertAsync(Actor actor, ApiKeySettings settings, bool isOnly, CancellationToken cancellation) => ControlTransaction.RunAsync<long?>(
        database,
        async commands =>
        {
            if (isOnly)
            {
                // First, for its lock: names have no index that would tell two transactions of each other.
                await commands.RaiseVersionAsync();
                if (await commands.ReadNumberAsync("SELECT id FROM api_keys WHERE name = @name AND revoked_at_ms IS NULL LIMIT 1", ("@name", settings.Name)) is not null) return null;
            }

            var made = await commands.InsertAsync(
                $"""
                 INSERT INTO api_keys (hash, created_at_ms, {ApiKeyQueries.SettingsColumns}) VALUES ('', @now, @name, @admin, @scopes, @expires, @rate, @burst)
                 """,
                [("@now", time.GetUtcNow().ToUnixTimeMilliseconds()), .. Parameters(settings)]);
            await AuditAsync(commands, actor, "apikey.create", made, null, settings.ToJson());
            return made;
        },
        cancellation);

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
