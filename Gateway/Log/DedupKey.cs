using System.Globalization;
using System.Security.Cryptography;
using Gateway.Messages;

namespace Gateway.Log;

/// <summary>What makes two deliveries the same update (design section 3).</summary>
internal static class DedupKey
{
    public static string Of(IncomingUpdate update) => update.Facts.UpdateId is { } id
        ? string.Create(CultureInfo.InvariantCulture, $"u:{id}")
        : OfBody(update.Payload);

    private static string OfBody(byte[] payload)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return "h:" + Convert.ToHexStringLower(hash);
    }
}
