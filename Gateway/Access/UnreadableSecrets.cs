using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <param name="BotId">Null: it is what an earlier master key left behind.</param>
/// <param name="Name">Whose, and which: <c>bot 3: token</c>.</param>
/// <param name="Status">Never <see cref="SecretBoxStatus.Opened"/>.</param>
/// <param name="IsToken">Without it the bot does nothing; without another it does.</param>
internal sealed record UnreadableSecret(long? BotId, string Name, SecretBoxStatus Status, bool IsToken);

/// <summary>Looks through everything that is sealed in a database for what a ring that fits it does not open.</summary>
internal static class UnreadableSecrets
{
    public static async Task<IReadOnlyList<UnreadableSecret>> FindAsync(IDatabase database, KeyRing keys, CancellationToken cancellation)
    {
        var box = new SecretBox(keys);
        var found = new List<UnreadableSecret>();
        foreach (var row in await DerivedKeyStore.ReadAsync(database, cancellation))
        {
            // A mark that does not open is written anew by the next start.
            if (row.Purpose != DerivedKeyStore.Mark && box.Open(row.Cipher, row.Context, out _) is var status and not SecretBoxStatus.Opened)
                found.Add(new(null, $"{row.Purpose} of master key {row.KeyId:x8}", status, false));
        }

        for (long after = 0; ;)
        {
            var page = await SealedBots.ReadAsync(database, after, Limits.Access.RotationBots, cancellation);
            if (page.Count == 0) return found;
            foreach (var secret in page)
            {
                if (box.Open(secret.Cipher, secret.Context, out _) is var status and not SecretBoxStatus.Opened)
                    found.Add(new(secret.BotId, $"bot {secret.BotId}: {secret.Name}", status, secret.IsToken));
            }

            after = page[^1].BotId;
        }
    }
}
