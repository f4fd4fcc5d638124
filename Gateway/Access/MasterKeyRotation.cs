using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

internal enum RotationStatus
{
    /// <summary>Nothing is left under the previous master key.</summary>
    Rotated,

    /// <summary>Something is sealed under a third key: the previous one that was given is not the one in use. Nothing was changed.</summary>
    WrongPrevious,

    /// <summary>API keys from too many master keys are in use. Nothing was changed.</summary>
    TooManyRetired,
}

/// <param name="Resealed">Secrets that were moved to the current key in this run.</param>
/// <param name="RetiredTags">Master keys of before whose API keys are still in use.</param>
internal readonly record struct RotationOutcome(RotationStatus Status, int Resealed, int RetiredTags);

/// <summary>
/// Moves everything in the database from the previous master key of the ring to its current one, in steps of a few bots. While it runs, and however it
/// ends, whoever knows both keys reads everything; run again, it goes on where it was. What API keys and access tokens are checked with goes first,
/// so that at no moment only the previous master key can check them.
/// </summary>
internal sealed class MasterKeyRotation(IDatabase database, KeyRing keys, TimeProvider time)
{
    private readonly SecretBox box = new(keys);
    private int resealed;

    public async Task<RotationOutcome> RunAsync(Actor actor, CancellationToken cancellation)
    {
        if (!await OpensEverythingAsync(cancellation)) return new(RotationStatus.WrongPrevious, 0, 0);
        if (!await RetireAsync(cancellation)) return new(RotationStatus.TooManyRetired, 0, 0);
        // A pass that finds nothing ends it: a process that knows only the previous key may have sealed something behind an earlier pass.
        while (await PassAsync(cancellation) > 0)
        {
        }

        var tags = (await DerivedKeyStore.ReadAsync(database, cancellation)).Count(row => row.Purpose == RetiredKey.ApiKeyTag);
        await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                await DerivedKeyStore.MarkAsync(commands, keys, NowMs);
                await commands.AuditAsync(actor, time.GetUtcNow(), new AuditEntry("master_key.rotate", "master_key", $"{keys.Id:x8}", null, null));
                return true;
            },
            cancellation);
        return new(RotationStatus.Rotated, resealed, tags);
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<bool> OpensEverythingAsync(CancellationToken cancellation)
    {
        foreach (var row in await DerivedKeyStore.ReadAsync(database, cancellation))
        {
            if (box.Open(row.Cipher, row.Context, out _) == SecretBoxStatus.OtherMasterKey) return false;
        }

        for (long after = 0; ;)
        {
            var page = await SealedBots.ReadAsync(database, after, Limits.Access.RotationBots, cancellation);
            if (page.Count == 0) return true;
            // A damaged one is a matter of its bot, and of doctor; there is nothing in it to move.
            if (page.Any(secret => box.Open(secret.Cipher, secret.Context, out _) == SecretBoxStatus.OtherMasterKey)) return false;
            after = page[^1].BotId;
        }
    }

    private async Task<bool> RetireAsync(CancellationToken cancellation)
    {
        var rows = (await DerivedKeyStore.ReadAsync(database, cancellation)).Where(row => row.Purpose != DerivedKeyStore.Mark).ToList();
        var retired = keys.Retire().Where(key => !rows.Exists(row => row.Purpose == key.Purpose && row.KeyId == key.Id)).ToList();
        var now = NowMs;
        return await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var needed = new List<DerivedKeyRow>();
                foreach (var row in rows)
                {
                    if (row.KeyId != keys.Id && !DerivedKeyStore.IsOver(row, now) && (row.Purpose != RetiredKey.ApiKeyTag || await HasApiKeysAsync(commands, row.RetiredAtMs, now))) needed.Add(row);
                }

                var tags = needed.Count(row => row.Purpose == RetiredKey.ApiKeyTag) + retired.Count(key => key.Purpose == RetiredKey.ApiKeyTag);
                if (tags > Limits.Access.RetiredApiKeyTags) return false;
                foreach (var row in rows)
                {
                    if (!needed.Contains(row)) await DerivedKeyStore.DeleteAsync(commands, row);
                    else if (box.IsOfAnotherKey(row.Cipher) && box.Open(row.Cipher, row.Context, out var text) == SecretBoxStatus.Opened) await ReplaceAsync(commands, row, text);
                }

                foreach (var key in retired)
                    await DerivedKeyStore.SaveAsync(commands, key.Purpose, key.Id, box.Seal(Convert.ToBase64String(key.Bytes), SecretBox.DerivedKey(key.Purpose, key.Id)), now);
                return true;
            },
            cancellation);
    }

    private Task<int> ReplaceAsync(ControlCommands commands, DerivedKeyRow row, string text) =>
        commands.ExecuteAsync(
            "UPDATE derived_keys SET cipher = @cipher WHERE purpose = @purpose AND key_id = @id",
            ("@cipher", box.Seal(text, row.Context)),
            ("@purpose", row.Purpose),
            ("@id", row.KeyId));

    /// <summary>Whether an API key in use is old enough to carry the tag of a master key that was retired then.</summary>
    private static async Task<bool> HasApiKeysAsync(ControlCommands commands, long retiredAtMs, long nowMs) =>
        await commands.ReadNumberAsync(
            "SELECT id FROM api_keys WHERE created_at_ms <= @retired AND revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > @now) LIMIT 1",
            ("@retired", retiredAtMs),
            ("@now", nowMs)) is not null;

    private async Task<int> PassAsync(CancellationToken cancellation)
    {
        var found = 0;
        for (long after = 0; ;)
        {
            var page = await SealedBots.ReadAsync(database, after, Limits.Access.RotationBots, cancellation);
            if (page.Count == 0) return found;
            after = page[^1].BotId;
            var moved = new List<(SealedSecret Secret, byte[] Cipher)>();
            foreach (var secret in page)
            {
                if (box.IsOfAnotherKey(secret.Cipher) && box.Open(secret.Cipher, secret.Context, out var text) == SecretBoxStatus.Opened)
                    moved.Add((secret, box.Seal(text, secret.Context)));
            }

            if (moved.Count == 0) continue;
            found += moved.Count;
            resealed += await ControlTransaction.RunAsync(
                database,
                async commands =>
                {
                    var count = 0;
                    foreach (var (secret, cipher) in moved) count += await SealedBots.ReplaceAsync(commands, secret, cipher) ? 1 : 0;
                    return count;
                },
                cancellation);
        }
    }
}
