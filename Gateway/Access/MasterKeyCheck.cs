using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

internal enum MasterKeyFit
{
    /// <summary>This database was used with this key, or with none yet.</summary>
    Fits,

    /// <summary>Everything in it was sealed under another one.</summary>
    IsAnother,
}

/// <summary>
/// Tells a process that was given another deployment's master key. It could receive, but it would answer 401 to every API key, which tells
/// clients for good not to come back, and open no bot token.
/// </summary>
internal static class MasterKeyCheck
{
    /// <summary>
    /// What the bots say counts more than the mark: single ones may be damaged or foreign and are reported bot by bot, but a bot that opens shows
    /// that the operator has begun anew with this key.
    /// </summary>
    public static async Task<MasterKeyFit> LookAsync(IDatabase database, KeyRing keys, CancellationToken cancellation)
    {
        var box = new SecretBox(keys);
        var bots = 0;
        for (long after = 0; ;)
        {
            var page = await SealedBots.ReadAsync(database, after, Limits.Access.RotationBots, cancellation);
            if (page.Count == 0) break;
            foreach (var secret in page.Where(secret => secret.IsToken))
            {
                if (box.Open(secret.Cipher, secret.Context, out _) != SecretBoxStatus.OtherMasterKey) return MasterKeyFit.Fits;
                bots++;
            }

            after = page[^1].BotId;
        }

        return bots > 0 || await ReadMarkAsync(database, cancellation) is { } mark && box.Open(mark.Cipher, mark.Context, out _) != SecretBoxStatus.Opened
            ? MasterKeyFit.IsAnother
            : MasterKeyFit.Fits;
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
