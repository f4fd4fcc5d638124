using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Access;

/// <summary>
/// Texts that stand for a row of the database, which has only their hash: refresh tokens (<c>tgr_</c>) and tickets (<c>tgt_</c>). 32 random bytes and a
/// keyed tag of 8, by which a made-up one fails without a look into the database.
/// </summary>
internal sealed class OpaqueTokens(KeyRing keys)
{
    public const string RefreshPrefix = "tgr_";
    public const string TicketPrefix = "tgt_";

    private const int RandomBytes = 32;
    private const int TagBytes = 8;

    // 40 bytes, not a multiple of 3: 54 characters without padding.
    private const int SecretChars = 54;

    private readonly IReadOnlyList<byte[]> tagKeys = keys.OpaqueTokenTags;

    /// <summary>The text, for its holder alone.</summary>
    public string Create(string prefix)
    {
        Span<byte> secret = stackalloc byte[RandomBytes + TagBytes];
        RandomNumberGenerator.Fill(secret[..RandomBytes]);
        WriteTag(tagKeys[0], prefix, secret[..RandomBytes], secret[RandomBytes..]);
        return prefix + Base64Url.EncodeToString(secret);
    }

    /// <summary>What the database has of it.</summary>
    public static byte[] Hash(string text) => SecretHash.Of(text);

    /// <summary>Whether this gateway made it, for this purpose. Whether it is still good is the database's to say.</summary>
    public bool IsOurs(string prefix, string text)
    {
        if (text.Length != prefix.Length + SecretChars || !text.StartsWith(prefix, StringComparison.Ordinal)) return false;
        Span<byte> secret = stackalloc byte[RandomBytes + TagBytes];
        if (Base64Url.DecodeFromChars(text.AsSpan(prefix.Length), secret, out _, out var written) != OperationStatus.Done || written != secret.Length) return false;
        Span<byte> tag = stackalloc byte[TagBytes];
        var isOurs = false;
        foreach (var key in tagKeys)
        {
            WriteTag(key, prefix, secret[..RandomBytes], tag);
            isOurs |= CryptographicOperations.FixedTimeEquals(tag, secret[RandomBytes..]);
        }

        return isOurs;
    }

    private static void WriteTag(byte[] key, string prefix, ReadOnlySpan<byte> random, Span<byte> tag)
    {
        Span<byte> input = stackalloc byte[8 + RandomBytes];
        input.Clear();
        // A ticket's tag is no refresh token's.
        Encoding.ASCII.GetBytes(prefix, input);
        random.CopyTo(input[8..]);
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(key, input, hash);
        hash[..TagBytes].CopyTo(tag);
    }
}
