using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Access;

namespace Gateway.Tests.Access;

/// <summary>Makes access tokens by hand, right ones and such as an attacker would try; the library has no part in it.</summary>
internal static class TokenForge
{
    public static string Header(string alg, string? kid, string typ = "JWT") =>
        kid is null ? $$"""{"alg":"{{alg}}","typ":"{{typ}}"}""" : $$"""{"alg":"{{alg}}","kid":"{{kid}}","typ":"{{typ}}"}""";

    public static string Payload(
        DateTimeOffset now, long user = 7, long session = 9, string iss = AccessTokens.Issuer, string aud = AccessTokens.Issuer, int lifeSeconds = 900) =>
        $$"""{"iss":"{{iss}}","aud":"{{aud}}","sub":"{{user}}","sid":"{{session}}","jti":"x","iat":{{now.ToUnixTimeSeconds()}},"exp":{{now.ToUnixTimeSeconds() + lifeSeconds}}}""";

    public static string Sign(string header, string payload, byte[] key)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
