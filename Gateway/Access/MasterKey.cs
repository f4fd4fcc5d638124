using System.Security.Cryptography;

namespace Gateway.Access;

/// <summary>
/// The one secret everything else is derived from: 32 random bytes. It is never stored in the database, so that a copy of the
/// database alone opens no bot token and forges no key tag.
/// </summary>
internal sealed class MasterKey
{
    public const int LengthBytes = 32;

    private readonly byte[] bytes;

    private MasterKey(byte[] bytes) => this.bytes = bytes;

    public ReadOnlySpan<byte> Bytes => bytes;

    public static MasterKey Create() => new(RandomNumberGenerator.GetBytes(LengthBytes));

    /// <summary>Base64, base64url or hexadecimal of exactly 32 bytes; anything else is null, because a passphrase would not have the entropy.</summary>
    public static MasterKey? Parse(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.Length == LengthBytes * 2)
        {
            var fromHex = new byte[LengthBytes];
            if (Convert.FromHexString(text, fromHex, out _, out var count) == System.Buffers.OperationStatus.Done && count == LengthBytes)
            {
                return new MasterKey(fromHex);
            }
        }

        // 32 bytes are 43 characters of base64url, or 44 of base64 with its padding.
        if (text.Length is not (43 or 44))
        {
            return null;
        }

        Span<char> padded = stackalloc char[44];
        text.CopyTo(padded);
        if (text.Length == 43)
        {
            padded[43] = '=';
        }

        padded.Replace('-', '+');
        padded.Replace('_', '/');
        var result = new byte[LengthBytes];
        return Convert.TryFromBase64Chars(padded, result, out var written) && written == LengthBytes ? new MasterKey(result) : null;
    }

    /// <summary>The text <see cref="Parse"/> takes.</summary>
    public string Export() => Convert.ToBase64String(bytes);
}
