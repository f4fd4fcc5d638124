using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Gateway.Access;

/// <summary>
/// An API key as its holder has it: <c>tgw_&lt;id&gt;_&lt;base64url of 32 random bytes and an 8-byte tag&gt;</c>. The tag is a keyed hash of id and random
/// bytes: whoever makes a key up fails it in a microsecond, without a database read or an Argon2 run.
/// </summary>
internal static class ApiKeyText
{
    public const string Prefix = "tgw_";

    private const int RandomBytes = 32;

    /// <summary>One guess in 2^64 passes; it then meets the hash.</summary>
    private const int TagBytes = 8;

    // 40 bytes, not a multiple of 3: 54 characters without padding.
    private const int SecretChars = 54;

    public static string Create(long id, KeyRing keys)
    {
        Span<byte> secret = stackalloc byte[RandomBytes + TagBytes];
        RandomNumberGenerator.Fill(secret[..RandomBytes]);
        WriteTag(id, secret[..RandomBytes], keys.ApiKeyTags[0], secret[RandomBytes..]);
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id}_{Base64Url.EncodeToString(secret)}");
    }

    /// <summary>The key's id, when the text has the form and its tag is ours; else 0.</summary>
    public static long ReadId(ReadOnlySpan<char> text, KeyRing keys)
    {
        if (text.Length > Messages.Limits.Access.KeyTextChars || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return 0;
        }

        var rest = text[Prefix.Length..];
        var separator = rest.IndexOf('_');
        if (separator is < 1 or > 19
            || rest.Length - separator - 1 != SecretChars
            || !long.TryParse(rest[..separator], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || id <= 0)
        {
            return 0;
        }

        Span<byte> secret = stackalloc byte[RandomBytes + TagBytes];
        // Not TryDecodeFromChars, which throws at a character that is none of base64url.
        if (Base64Url.DecodeFromChars(rest[(separator + 1)..], secret, out _, out var written) != OperationStatus.Done || written != secret.Length)
        {
            return 0;
        }

        Span<byte> tag = stackalloc byte[TagBytes];
        for (var each = 0; each < keys.ApiKeyTags.Count; each++)
        {
            WriteTag(id, secret[..RandomBytes], keys.ApiKeyTags[each], tag);
            if (CryptographicOperations.FixedTimeEquals(tag, secret[RandomBytes..])) return id;
        }

        return 0;
    }

    private static void WriteTag(long id, ReadOnlySpan<byte> random, byte[] key, Span<byte> tag)
    {
        Span<byte> input = stackalloc byte[8 + RandomBytes];
        BinaryPrimitives.WriteInt64LittleEndian(input, id);
        random.CopyTo(input[8..]);
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(key, input, hash);
        hash[..TagBytes].CopyTo(tag);
    }
}
