using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

internal enum MasterKeyFit
{
    /// <summary>This database was used with this key, or with none yet.</summary>
    Fits,

    /// <summary>It opens nothing of what is sealed there.</summary>
    IsAnother,
}

/// <summary>
/// Tells a process that was given another deployment's master key. It could receive, but it would answer 401 to every API key, which tells
/// clients for good not to come back, and open no bot token.
/// </summary>
internal static class MasterKeyCheck
{
    /// <summary>
    /// Any one sealed secret that opens shows that this key is the database's, also when the operator has begun anew with it and the rest is under the
    /// one of before. A damaged one shows nothing: what cannot be read beside one that can is told by <see cref="UnreadableSecrets"/>.
    /// </summary>
    public static async Task<MasterKeyFit> LookAsync(IDatabase database, KeyRing keys, CancellationToken cancellation)
    {
        var box = new SecretBox(keys);
        var mark = await ReadMarkAsync(database, cancellation);
        if (mark is not null && box.Open(mark.Cipher, mark.Context, out _) == SecretBoxStatus.Opened) return MasterKeyFit.Fits;
        var isUsed = mark is not null;
        for (long after = 0; ;)
        {
            var page = await SealedBots.ReadAsync(database, after, Limits.Access.RotationBots, cancellation);
            if (page.Count == 0) return isUsed ? MasterKeyFit.IsAnother : MasterKeyFit.Fits;
            if (page.Any(secret => box.Open(secret.Cipher, secret.Context, out _) == SecretBoxStatus.Opened)) return MasterKeyFit.Fits;
            isUsed = true;
            after = page[^1].BotId;
        }
    }

    /// <summary>Marks the database with a key that fits, once; a mark that this ring opens is left, also when it is of the previous key.</summary>
    public static async Task MarkAsync(IDatabase database, KeyRing keys, TimeProvider time, CancellationToken cancellation)
    {
        if (await ReadMarkAsync(database, cancellation) is { } mark && new SecretBox(keys).Open(mark.Cipher, mark.Context, out _) == SecretBoxStatus.Opened) return;
        await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                await DerivedKeyStore.MarkAsync(commands, keys, time.GetUtcNow().ToUnixTimeMilliseconds());
                return true;
            },
            cancellation);
    }

    private static async Task<DerivedKeyRow?> ReadMarkAsync(IDatabase database, CancellationToken cancellation) =>
        (await DerivedKeyStore.ReadAsync(database, cancellation)).FirstOrDefault(row => row.Purpose == DerivedKeyStore.Mark);
}
