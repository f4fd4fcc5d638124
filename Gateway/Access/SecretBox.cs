using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Access;

/// <summary>
/// Secrets the gateway must be able to read again (bot tokens, webhook secrets), sealed with AES-256-GCM:
/// <c>format(1) · key id(4) · nonce(12) · tag(16) · ciphertext</c>. The key id tells "sealed under another master key" apart from
/// "damaged". The context is authenticated too, so that a ciphertext copied to another bot's row does not open there.
/// </summary>
internal sealed class SecretBox(KeyRing keys)
{
    private const byte Format = 1;
    private const int NonceAt = 5;
    private const int TagAt = NonceAt + 12;
    private const int CipherAt = TagAt + 16;

    /// <summary>The context of a bot's token.</summary>
    public static string BotToken(long telegramId) => $"bot-token:{telegramId}";

    /// <summary>The context of a key derived from an earlier master key.</summary>
    public static string DerivedKey(string purpose, uint id) => $"derived-key:{purpose}:{id:x8}";

    /// <summary>The context of a bot's webhook secret (the path parameter).</summary>
    public static string WebhookSecret(long telegramId) => $"webhook-secret:{telegramId}";

    /// <summary>Whether it is a sealed secret under another master key than what is sealed now, whether or not this ring opens it.</summary>
    public bool IsOfAnotherKey(ReadOnlySpan<byte> sealedSecret) =>
        sealedSecret.Length >= CipherAt && sealedSecret[0] == Format && KeyIdOf(sealedSecret) != keys.Id;

    /// <summary>The context of the <c>secret_token</c> that Telegram was given for a bot.</summary>
    public static string SecretToken(long telegramId) => $"secret-token:{telegramId}";

    public byte[] Seal(string secret, string context)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        var sealedSecret = new byte[CipherAt + plain.Length];
        sealedSecret[0] = Format;
        BinaryPrimitives.WriteUInt32LittleEndian(sealedSecret.AsSpan(1), keys.Id);
        // Random nonces: with 96 bits, 2^32 seals under one key stay within NIST SP 800-38D's bound; a gateway makes a few thousand.
        RandomNumberGenerator.Fill(sealedSecret.AsSpan(NonceAt, 12));
        using var aes = new AesGcm(keys.Encryption, 16);
        aes.Encrypt(sealedSecret.AsSpan(NonceAt, 12), plain, sealedSecret.AsSpan(CipherAt), sealedSecret.AsSpan(TagAt, 16), Encoding.UTF8.GetBytes(context));
        return sealedSecret;
    }

    public SecretBoxStatus Open(ReadOnlySpan<byte> sealedSecret, string context, out string secret)
    {
        secret = "";
        if (sealedSecret.Length < CipherAt || sealedSecret[0] != Format)
        {
            return SecretBoxStatus.Damaged;
        }

        if (keys.EncryptionOf(KeyIdOf(sealedSecret)) is not { } encryption)
        {
            return SecretBoxStatus.OtherMasterKey;
        }

        var plain = new byte[sealedSecret.Length - CipherAt];
        try
        {
            using var aes = new AesGcm(encryption, 16);
            aes.Decrypt(sealedSecret.Slice(NonceAt, 12), sealedSecret[CipherAt..], sealedSecret.Slice(TagAt, 16), plain, Encoding.UTF8.GetBytes(context));
        }
        catch (AuthenticationTagMismatchException)
        {
            return SecretBoxStatus.Damaged;
        }

        secret = Encoding.UTF8.GetString(plain);
        return SecretBoxStatus.Opened;
    }

    private static uint KeyIdOf(ReadOnlySpan<byte> sealedSecret) => BinaryPrimitives.ReadUInt32LittleEndian(sealedSecret[1..]);
}

internal enum SecretBoxStatus
{
    Opened,

    /// <summary>Sealed under another master key: this process was given the wrong one.</summary>
    OtherMasterKey,

    /// <summary>Not a sealed secret, changed since, or another row's.</summary>
    Damaged,
}
