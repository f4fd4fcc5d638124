using System.Security.Cryptography;
using System.Text;

namespace Gateway.Access;

/// <summary>
/// The 32 bytes by which webhook secrets, bot tokens and registered secret_tokens are found and compared (<c>bots.…_hash</c>). Plain SHA-256:
/// those the gateway or Telegram makes have over 128 random bits, so there is nothing to guess from a hash (for shorter ones of an operator's own
/// choice the command line warns), and receiving updates does not depend on the master key.
/// </summary>
internal static class SecretHash
{
    public const int LengthBytes = 32;

    public static byte[] Of(ReadOnlySpan<byte> secret) => SHA256.HashData(secret);

    public static byte[] Of(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Constant time in the content.</summary>
    public static bool Matches(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> hash)
    {
        Span<byte> presented = stackalloc byte[LengthBytes];
        SHA256.HashData(secret, presented);
        return CryptographicOperations.FixedTimeEquals(presented, hash);
    }
}
