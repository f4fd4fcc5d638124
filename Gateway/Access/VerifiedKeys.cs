using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// Keys whose Argon2 hash was verified (or refused) in this process, by a keyed hash of the presented text, so that a request pays one HMAC.
/// The hash's key is made at start and lives in memory only: the table holds nothing that is worth stealing.
/// </summary>
internal sealed class VerifiedKeys
{
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<UInt128, Principal> accepted = new();
    private readonly ConcurrentDictionary<UInt128, long> refused = new();

    /// <param name="text">At most <see cref="Limits.Access.AccessTokenChars"/> long: it is copied to the stack.</param>
    public UInt128 Fingerprint(string text)
    {
        Span<byte> utf8 = stackalloc byte[text.Length * 3];
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(secret, utf8[..Encoding.UTF8.GetBytes(text, utf8)], hash);
        // 128 of the 256 bits: nobody without the secret can look for collisions.
        return MemoryMarshal.Read<UInt128>(hash);
    }

    public bool TryGetAccepted(UInt128 fingerprint, out Principal? principal) => accepted.TryGetValue(fingerprint, out principal);

    /// <summary>Only under the control version it was refused under: any change may have made it good.</summary>
    public bool IsRefused(UInt128 fingerprint, long version) => refused.TryGetValue(fingerprint, out var under) && under == version;

    public void Accept(UInt128 fingerprint, Principal principal)
    {
        DropOneWhenFull(accepted);
        accepted[fingerprint] = principal;
    }

    public void Refuse(UInt128 fingerprint, long version)
    {
        DropOneWhenFull(refused);
        refused[fingerprint] = version;
    }

    public void Forget(UInt128 fingerprint) => accepted.TryRemove(fingerprint, out _);

    /// <summary>Lets go of those that ended; access tokens do so every quarter of an hour and never come again.</summary>
    public void ForgetEnded()
    {
        foreach (var (fingerprint, principal) in accepted)
        {
            if (principal.IsRevoked) accepted.TryRemove(fingerprint, out _);
        }
    }

    private static void DropOneWhenFull<TValue>(ConcurrentDictionary<UInt128, TValue> table)
    {
        if (table.Count < Limits.Access.VerifiedKeys)
        {
            return;
        }

        // Any one: a key that is in use is verified again once, one that is not was dead weight.
        foreach (var entry in table)
        {
            table.TryRemove(entry.Key, out _);
            return;
        }
    }
}
