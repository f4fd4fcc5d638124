using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Access;

/// <summary>A key that tokens are signed with. The id is written into the token, so that a later key ring knows which one to check with.</summary>
internal readonly record struct SigningKey(string Id, byte[] Bytes);

/// <summary>
/// The keys derived from the master key, one per purpose (HKDF-SHA256, RFC 5869), so that no key ever serves two purposes and a leak
/// of one says nothing of the others. While a master key is being replaced the ring knows a second one: what it made is still read, nothing
/// new is made with it. Of master keys replaced before only the derived keys are left (<see cref="RetiredKey"/>), to check with, never to seal or sign.
/// </summary>
internal sealed class KeyRing
{
    private readonly DerivedKeys current;
    private readonly DerivedKeys? previous;

    public KeyRing(MasterKey master, MasterKey? previous = null)
        : this(DerivedKeys.Of(master), previous is null ? null : DerivedKeys.Of(previous), [])
    {
    }

    private KeyRing(DerivedKeys current, DerivedKeys? previous, IReadOnlyList<RetiredKey> retired)
    {
        this.current = current;
        this.previous = previous is not null && previous.Id == current.Id ? null : previous;
        ApiKeyTags = All(each => each.ApiKeyTag, RetiredKey.ApiKeyTag, retired, (_, bytes) => bytes);
        OpaqueTokenTags = All(each => each.OpaqueTokenTag, RetiredKey.OpaqueTokenTag, retired, (_, bytes) => bytes);
        SigningKeys = All(each => each.Signing, RetiredKey.TokenSigning, retired, (id, bytes) => new SigningKey(IdText(id), bytes));
    }

    /// <summary>Names the master key inside ciphertexts; says nothing about it.</summary>
    public uint Id => current.Id;

    /// <summary>The id of the other master key; null when there is none.</summary>
    public uint? PreviousId => previous?.Id;

    /// <summary>AES-256-GCM over bot tokens and webhook secrets: what is sealed from now on.</summary>
    public byte[] Encryption => current.Encryption;

    /// <summary>HMAC-SHA256 over the random part of API keys: the first tags new keys, any of them may have tagged a presented one.</summary>
    public IReadOnlyList<byte[]> ApiKeyTags { get; }

    /// <summary>HMAC-SHA256 over the random part of refresh tokens and tickets: the first tags new ones, any may have tagged a presented one.</summary>
    public IReadOnlyList<byte[]> OpaqueTokenTags { get; }

    /// <summary>The first signs; the others only check what was signed before.</summary>
    public IReadOnlyList<SigningKey> SigningKeys { get; }

    /// <summary>Opens what was sealed under the master key with this id; null: a key that this ring does not know.</summary>
    public byte[]? EncryptionOf(uint id) => id == current.Id ? current.Encryption : id == previous?.Id ? previous.Encryption : null;

    /// <summary>The same ring, which also knows what was derived from earlier master keys.</summary>
    public KeyRing With(IReadOnlyList<RetiredKey> retired) => new(current, previous, retired);

    /// <summary>What must outlive the previous master key: API keys and refresh tokens are checked by their tags, access tokens by their signature.</summary>
    public IReadOnlyList<RetiredKey> Retire() => previous is null
        ? []
        :
        [
            new(RetiredKey.ApiKeyTag, previous.Id, previous.ApiKeyTag),
            new(RetiredKey.TokenSigning, previous.Id, previous.Signing),
            new(RetiredKey.OpaqueTokenTag, previous.Id, previous.OpaqueTokenTag),
        ];

    private T[] All<T>(Func<DerivedKeys, byte[]> pick, string purpose, IReadOnlyList<RetiredKey> retired, Func<uint, byte[], T> make)
    {
        List<(uint Id, byte[] Bytes)> keys = [(current.Id, pick(current))];
        if (previous is not null) keys.Add((previous.Id, pick(previous)));
        foreach (var key in retired)
        {
            if (key.Purpose == purpose && !keys.Exists(known => known.Id == key.Id)) keys.Add((key.Id, key.Bytes));
        }

        return [.. keys.Select(key => make(key.Id, key.Bytes))];
    }

    private static string IdText(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private sealed record DerivedKeys(uint Id, byte[] Encryption, byte[] ApiKeyTag, byte[] Signing, byte[] OpaqueTokenTag)
    {
        public static DerivedKeys Of(MasterKey master) => new(
            BitConverter.ToUInt32(Derive(master, "gateway/v1/key-id", 4)),
            Derive(master, "gateway/v1/encryption", 32),
            Derive(master, "gateway/v1/api-key-tag", 32),
            Derive(master, "gateway/v1/token-signing", 32),
            Derive(master, "gateway/v1/opaque-token-tag", 32));

        private static byte[] Derive(MasterKey master, string purpose, int lengthBytes)
        {
            var key = new byte[lengthBytes];
            // No salt: the master key is uniformly random already (RFC 5869, 3.1).
            HKDF.DeriveKey(HashAlgorithmName.SHA256, master.Bytes, key, salt: [], Encoding.ASCII.GetBytes(purpose));
            return key;
        }
    }
}
