using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>All bots at one control version, found by what stands in a webhook's path.</summary>
internal sealed class BotSnapshot
{
    public static readonly BotSnapshot Empty = new([], FrozenDictionary<SecretKey, Bot>.Empty);

    private readonly FrozenDictionary<SecretKey, Bot> bySecret;

    private BotSnapshot(IReadOnlyList<Bot> bots, FrozenDictionary<SecretKey, Bot> bySecret)
    {
        Bots = bots;
        this.bySecret = bySecret;
    }

    public IReadOnlyList<Bot> Bots { get; }

    /// <param name="secrets">SHA-256 of every secret that names a bot.</param>
    public static BotSnapshot Of(IReadOnlyList<Bot> bots, IEnumerable<(byte[] Hash, Bot Bot)> secrets)
    {
        Dictionary<SecretKey, Bot> found = [];
        foreach (var (hash, bot) in secrets)
        {
            // Webhook secrets come first and are unique in the database; a token equal to another bot's secret does not displace it.
            found.TryAdd(SecretKey.Of(hash), bot);
        }

        return new BotSnapshot(bots, found.ToFrozenDictionary());
    }

    /// <summary>
    /// Null when no bot has it. What is compared is the hash of what was presented, so the time says nothing about any secret.
    /// </summary>
    public Bot? Find(ReadOnlySpan<char> secret)
    {
        if (secret.IsEmpty || secret.Length > Limits.Ingest.SecretCharacters)
        {
            return null;
        }

        // Three bytes is the most that one UTF-16 unit takes in UTF-8.
        Span<byte> text = stackalloc byte[Limits.Ingest.SecretCharacters * 3];
        Span<byte> hash = stackalloc byte[SecretHash.LengthBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(secret, text)], hash);
        return bySecret.GetValueOrDefault(SecretKey.Of(hash));
    }

    /// <summary>A SHA-256 as a dictionary key: any eight of its bytes are as good a hash code as all.</summary>
    private readonly record struct SecretKey(ulong A, ulong B, ulong C, ulong D)
    {
        public static SecretKey Of(ReadOnlySpan<byte> hash)
        {
            var parts = MemoryMarshal.Cast<byte, ulong>(hash);
            return parts.Length == 4 ? new SecretKey(parts[0], parts[1], parts[2], parts[3]) : default;
        }

        public override int GetHashCode() => A.GetHashCode();
    }
}
