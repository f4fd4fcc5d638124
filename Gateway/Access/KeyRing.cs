using System.Security.Cryptography;
using System.Text;

namespace Gateway.Access;

/// <summary>
/// The keys derived from the master key, one per purpose (HKDF-SHA256, RFC 5869), so that no key ever serves two purposes and a leak
/// of one says nothing of the others.
/// </summary>
internal sealed class KeyRing
{
    public KeyRing(MasterKey master)
    {
        Encryption = Derive(master, "gateway/v1/encryption", 32);
        ApiKeyTag = Derive(master, "gateway/v1/api-key-tag", 32);
        Id = BitConverter.ToUInt32(Derive(master, "gateway/v1/key-id", 4));
    }

    /// <summary>Names the master key inside ciphertexts; says nothing about it.</summary>
    public uint Id { get; }

    /// <summary>AES-256-GCM over bot tokens and webhook secrets.</summary>
    public byte[] Encryption { get; }

    /// <summary>HMAC-SHA256 over the random part of API keys.</summary>
    public byte[] ApiKeyTag { get; }

    private static byte[] Derive(MasterKey master, string purpose, int lengthBytes)
    {
        var key = new byte[lengthBytes];
        // No salt: the master key is uniformly random already (RFC 5869, 3.1).
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master.Bytes, key, salt: [], Encoding.ASCII.GetBytes(purpose));
        return key;
    }
}
