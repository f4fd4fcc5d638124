using System.Security.Cryptography;
using System.Text;
using Gateway.Access;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

/// <summary>What is a token of ours, and what never is.</summary>
public sealed class AccessTokensTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    private readonly KeyRing keys = new(MasterKey.Create());
    private readonly AccessTokens tokens;

    public AccessTokensTests() => tokens = new AccessTokens(keys, time);

    private SigningKey Key => keys.SigningKeys[0];

    private async Task<bool> IsTakenAsync(string text) => await tokens.ReadAsync(text) is not null;

    [Fact]
    public async Task Issue_Always_SaysWhoAndIsReadBack()
    {
        var issued = tokens.Issue(userId: 7, sessionId: 9);
        var other = tokens.Issue(userId: 7, sessionId: 9);

        Assert.NotEqual(issued.Text, other.Text);
        Assert.Equal(time.GetUtcNow().Add(Limits.Access.AccessTokenLife).ToUnixTimeMilliseconds(), issued.ExpiresAtMs);
        Assert.InRange(issued.Text.Length, 200, 400);
        Assert.True(AccessTokens.LooksLikeOne(issued.Text));
        var claims = await tokens.ReadAsync(issued.Text);
        Assert.Equal((7, 9), (claims!.Value.UserId, claims.Value.SessionId));
        Assert.Equal(issued.ExpiresAtMs + (long)Limits.Access.TokenClockSkew.TotalMilliseconds, claims.Value.ExpiresAtMs);
        Assert.Equal(Key.Id, Part(issued.Text, 0).GetProperty("kid").GetString());
        Assert.Equal("HS256", Part(issued.Text, 0).GetProperty("alg").GetString());
        Assert.Equal(["iss", "aud", "sub", "sid", "jti", "iat", "exp"], Part(issued.Text, 1).EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Read_HandMadeTokenUnderTheKey_IsTaken()
    {
        // Without it every refusal below might have another reason than the one it names.
        Assert.True(await IsTakenAsync(TokenForge.Sign(TokenForge.Header("HS256", Key.Id), TokenForge.Payload(time.GetUtcNow()), Key.Bytes)));
    }

    [Fact]
    public async Task Read_PastItsTime_IsRefusedOnlyAfterTheSkew()
    {
        var text = tokens.Issue(7, 9).Text;
        time.Advance(Limits.Access.AccessTokenLife + Limits.Access.TokenClockSkew - TimeSpan.FromMilliseconds(1));
        Assert.True(await IsTakenAsync(text));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await IsTakenAsync(text));
    }

    public static TheoryData<string> Attacks => [.. Texts(new KeyRing(MasterKey.Create()), DateTimeOffset.UnixEpoch).Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Read_Attack_IsRefused(string attack) => Assert.False(await IsTakenAsync(Texts(keys, time.GetUtcNow())[attack]), attack);

    private static Dictionary<string, string> Texts(KeyRing keys, DateTimeOffset now)
    {
        var key = keys.SigningKeys[0];
        var (header, payload) = (TokenForge.Header("HS256", key.Id), TokenForge.Payload(now));
        var good = TokenForge.Sign(header, payload, key.Bytes);
        var signed = good[..good.LastIndexOf('.')];
        using var rsa = RSA.Create(2048);
        string Headed(string other) => TokenForge.Sign(other, payload, key.Bytes);
        string Saying(string other) => TokenForge.Sign(header, other, key.Bytes);
        string Signed(byte[] other) => TokenForge.Sign(header, payload, other);
        return new()
        {
            ["no signature"] = signed + ".",
            ["two parts"] = signed,
            ["alg none"] = $"{TokenForge.Encode(TokenForge.Header("none", null))}.{TokenForge.Encode(payload)}.",
            ["alg None with our kid"] = $"{TokenForge.Encode(TokenForge.Header("None", key.Id))}.{TokenForge.Encode(payload)}.",
            ["alg none, signed all the same"] = Headed(TokenForge.Header("none", key.Id)),
            ["alg RS256 over an HMAC"] = Headed(TokenForge.Header("RS256", key.Id)),
            ["alg ES256 over an HMAC"] = Headed(TokenForge.Header("ES256", key.Id)),
            ["alg HS512 over an HMAC of 256"] = Headed(TokenForge.Header("HS512", key.Id)),
            ["alg hs256 in small letters"] = Headed(TokenForge.Header("hs256", key.Id)),
            ["alg missing"] = Headed($$"""{"kid":"{{key.Id}}","typ":"JWT"}"""),
            ["another key under our kid"] = Signed(RandomNumberGenerator.GetBytes(32)),
            ["a public key as the secret"] = Signed(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem())),
            ["the kid as the secret"] = Signed(Encoding.ASCII.GetBytes(key.Id)),
            ["an empty secret"] = Signed([]),
            ["the key of another purpose"] = Signed(keys.ApiKeyTags[0]),
            ["the encryption key"] = Signed(keys.Encryption),
            ["kid unknown"] = Headed(TokenForge.Header("HS256", "0badc0de")),
            ["kid missing"] = Headed(TokenForge.Header("HS256", null)),
            ["kid a path"] = Headed(TokenForge.Header("HS256", "../../dev/null")),
            ["kid of another spelling"] = Headed(TokenForge.Header("HS256", key.Id + " ")),
            ["jwk brought along"] = Headed($$"""{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"typ":"JWT"}"""),
            ["typ of another token"] = Headed(TokenForge.Header("HS256", key.Id, "logout+jwt")),
            ["issuer another"] = Saying(TokenForge.Payload(now, iss: "someone-else")),
            ["issuer empty"] = Saying(TokenForge.Payload(now, iss: "")),
            ["audience another"] = Saying(TokenForge.Payload(now, aud: "someone-else")),
            ["audience missing"] = Saying($$"""{"iss":"{{AccessTokens.Issuer}}","sub":"7","sid":"9","exp":{{now.ToUnixTimeSeconds() + 900}}}"""),
            ["expired"] = Saying(TokenForge.Payload(now, lifeSeconds: -6)),
            ["without an end"] = Saying($$"""{"iss":"{{AccessTokens.Issuer}}","aud":"{{AccessTokens.Issuer}}","sub":"7","sid":"9"}"""),
            ["end is no number"] = Saying($$"""{"iss":"{{AccessTokens.Issuer}}","aud":"{{AccessTokens.Issuer}}","sub":"7","sid":"9","exp":"never"}"""),
            ["without a user"] = Saying($$"""{"iss":"{{AccessTokens.Issuer}}","aud":"{{AccessTokens.Issuer}}","sid":"9","exp":{{now.ToUnixTimeSeconds() + 900}}}"""),
            ["without a session"] = Saying($$"""{"iss":"{{AccessTokens.Issuer}}","aud":"{{AccessTokens.Issuer}}","sub":"7","exp":{{now.ToUnixTimeSeconds() + 900}}}"""),
            ["user zero"] = Saying(TokenForge.Payload(now, user: 0)),
            ["user below zero"] = Saying(TokenForge.Payload(now, user: -7)),
            ["payload no JSON"] = Saying("user=7"),
            ["payload a list"] = Saying("[]"),
            ["header no JSON"] = Headed("HS256"),
            ["one dot more"] = good + ".",
            ["a part in front"] = "e30." + good,
            ["a part in the middle"] = $"{signed}.e30.{good[(signed.Length + 1)..]}",
            ["five parts, as an encrypted one"] = $"{good}.e30.e30",
            ["only dots"] = "..",
            ["many dots"] = new string('.', 1000),
            ["a space at the end"] = good + " ",
            ["padding"] = good + "=",
            ["a line break inside"] = good.Insert(20, "\n"),
            ["letters that are no ASCII"] = good.Replace('e', 'е'),
            ["empty"] = "",
            ["giant"] = Saying(payload[..^1] + $",\"x\":\"{new string('x', 100_000)}\"}}"),
            ["giant by a little"] = Saying(payload[..^1] + $",\"x\":\"{new string('x', Limits.Access.AccessTokenChars)}\"}}"),
        };
    }

    [Fact]
    public async Task Read_CutShortAnywhere_IsRefused()
    {
        var text = tokens.Issue(7, 9).Text;
        for (var length = 0; length < text.Length; length++) Assert.False(await IsTakenAsync(text[..length]), $"cut to {length}");
        Assert.True(await IsTakenAsync(text));
    }

    [Fact]
    public async Task Read_AnyBitFlipped_IsRefused()
    {
        var text = tokens.Issue(7, 9).Text;
        for (var at = 0; at < text.Length; at++)
        {
            for (var bit = 0; bit < 7; bit++)
            {
                var flipped = text.ToCharArray();
                flipped[at] ^= (char)(1 << bit);
                Assert.False(await IsTakenAsync(new string(flipped)), $"bit {bit} of character {at}");
            }
        }
    }

    [Fact]
    public async Task Read_TokenSignedBeforeTheMasterKeyChanged_IsTakenAndTheNewKeySigns()
    {
        var (before, after) = (MasterKey.Create(), MasterKey.Create());
        var old = new AccessTokens(new KeyRing(before), time).Issue(7, 9).Text;
        var changing = new KeyRing(after, before);

        Assert.NotNull(await new AccessTokens(changing, time).ReadAsync(old));
        Assert.NotNull(await new AccessTokens(new KeyRing(after).With(changing.Retire()), time).ReadAsync(old));
        Assert.Null(await new AccessTokens(new KeyRing(after), time).ReadAsync(old));
        Assert.Equal(changing.SigningKeys[0].Id, Part(new AccessTokens(changing, time).Issue(7, 9).Text, 0).GetProperty("kid").GetString());
        Assert.NotEqual(changing.SigningKeys[0].Id, Part(old, 0).GetProperty("kid").GetString());
    }

    [Fact]
    public async Task Read_TokenOfAnotherMasterKey_IsRefused()
    {
        Assert.False(await IsTakenAsync(new AccessTokens(new KeyRing(MasterKey.Create()), time).Issue(7, 9).Text));
    }

    private static System.Text.Json.JsonElement Part(string text, int part) =>
        System.Text.Json.JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(text.Split('.')[part])).RootElement;
}
