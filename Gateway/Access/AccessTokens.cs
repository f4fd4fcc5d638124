using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Messages;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Access;

/// <param name="Text">The JWT.</param>
internal readonly record struct IssuedToken(string Text, long ExpiresAtMs);

/// <summary>What a valid access token says. Whether the session and the user still are is the database's to say.</summary>
internal readonly record struct AccessTokenClaims(long UserId, long SessionId, long ExpiresAtMs);

/// <summary>
/// Access tokens: JWTs signed with HMAC-SHA256 under a key of our own and no other algorithm, whatever their header asks for (RFC 8725, 3.1).
/// Nobody else reads them, so issuer and audience are both this gateway.
/// </summary>
internal sealed class AccessTokens
{
    public const string Issuer = "telegram-bot-gateway";

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = Limits.Access.AccessTokenChars };
    private readonly KeyRing keys;
    private readonly TimeProvider time;
    private readonly TokenValidationParameters parameters;
    private readonly SigningCredentials signing;

    public AccessTokens(KeyRing keys, TimeProvider time)
    {
        (this.keys, this.time) = (keys, time);
        // The library's cache of hash objects would keep timers and memory; a token is verified once and then remembered by AccessControl.
        var crypto = new CryptoProviderFactory { CacheSignatureProviders = false };
        var accepted = keys.SigningKeys.ToDictionary(
            key => key.Id,
            SecurityKey (key) => new SymmetricSecurityKey(key.Bytes) { KeyId = key.Id, CryptoProviderFactory = crypto },
            StringComparer.Ordinal);
        signing = new SigningCredentials(accepted[keys.SigningKeys[0].Id], SecurityAlgorithms.HmacSha256) { CryptoProviderFactory = crypto };
        parameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidTypes = ["JWT"],
            ValidIssuer = Issuer,
            ValidAudience = Issuer,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            RequireAudience = true,
            TryAllIssuerSigningKeys = false,
            // Only the key that the token names, and only if it is ours.
            IssuerSigningKeyResolver = (_, _, id, _) => id is not null && accepted.TryGetValue(id, out var key) ? [key] : [],
            LifetimeValidator = (_, expires, _, _) => expires is { } end && EndOf(end) > time.GetUtcNow().ToUnixTimeMilliseconds(),
            CryptoProviderFactory = crypto,
        };
    }

    /// <summary>A text with two dots is meant as a JWT; whether it is one is not said by that.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<char> text) => text.StartsWith("eyJ", StringComparison.Ordinal) || text.Count('.') == 2;

    public IssuedToken Issue(long userId, long sessionId)
    {
        var issuedAt = time.GetUtcNow().ToUnixTimeSeconds();
        var expiresAt = issuedAt + (long)Limits.Access.AccessTokenLife.TotalSeconds;
        var payload = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(payload))
        {
            json.WriteStartObject();
            json.WriteString("iss"u8, Issuer);
            json.WriteString("aud"u8, Issuer);
            json.WriteString("sub"u8, userId.ToString(CultureInfo.InvariantCulture));
            json.WriteString("sid"u8, sessionId.ToString(CultureInfo.InvariantCulture));
            json.WriteString("jti"u8, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)));
            json.WriteNumber("iat"u8, issuedAt);
            json.WriteNumber("exp"u8, expiresAt);
            json.WriteEndObject();
        }

        return new IssuedToken(handler.CreateToken(Encoding.UTF8.GetString(payload.WrittenSpan), signing), expiresAt * 1000);
    }

    /// <summary>Null for whatever is not a token of ours that is good now.</summary>
    public async ValueTask<AccessTokenClaims?> ReadAsync(string text)
    {
        if (text.Length > Limits.Access.AccessTokenChars || !HasSignatureOfOurs(text))
        {
            return null;
        }

        var result = await handler.ValidateTokenAsync(text, parameters);
        return result is { IsValid: true, SecurityToken: JsonWebToken token }
            && IsId(token.Subject, out var userId)
            && token.TryGetPayloadValue<string>("sid", out var session)
            && IsId(session, out var sessionId)
                ? new AccessTokenClaims(userId, sessionId, EndOf(token.ValidTo))
                : null;
    }

    private static long EndOf(DateTime expires) =>
        new DateTimeOffset(expires, TimeSpan.Zero).ToUnixTimeMilliseconds() + (long)Limits.Access.TokenClockSkew.TotalMilliseconds;

    /// <summary>
    /// The library answers a forged token with an exception, tens of microseconds that anybody could make us spend thousands of times a second.
    /// So the one hash that counts is looked at first; the library then checks it again with everything else.
    /// </summary>
    private bool HasSignatureOfOurs(string text)
    {
        var end = text.LastIndexOf('.');
        Span<byte> presented = stackalloc byte[HMACSHA256.HashSizeInBytes];
        // 32 bytes are 43 characters without padding.
        if (end < 0 || text.Length - end - 1 != 43
            || Base64Url.DecodeFromChars(text.AsSpan(end + 1), presented, out _, out var written) != OperationStatus.Done || written != presented.Length)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[Limits.Access.AccessTokenChars * 3];
        signed = signed[..Encoding.UTF8.GetBytes(text.AsSpan(0, end), signed)];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var isOurs = false;
        foreach (var key in keys.SigningKeys)
        {
            HMACSHA256.HashData(key.Bytes, signed, expected);
            isOurs |= CryptographicOperations.FixedTimeEquals(presented, expected);
        }

        return isOurs;
    }

    private static bool IsId(string? text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id > 0;
}
