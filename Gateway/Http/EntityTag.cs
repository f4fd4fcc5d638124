using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Http;

/// <summary>
/// Strong entity tags (RFC 9110, section 8.8.3) of what a client may change: <c>If-None-Match</c> saves reading it again, <c>If-Match</c> keeps
/// two clients from overwriting each other's change.
/// </summary>
internal static class EntityTag
{
    /// <summary>96 bits of SHA-256: two states that a client could mix up do not meet by chance.</summary>
    private const int HashBytes = 12;

    /// <summary>The tag in its quotes, as the header has it.</summary>
    public static string Of(ReadOnlySpan<byte> representation)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(representation, hash);
        return $"\"{Base64Url.EncodeToString(hash[..HashBytes])}\"";
    }

    /// <summary>Sets <c>ETag</c>. True when the client has this state already: then the answer is a 304 and complete.</summary>
    public static bool IsNotModified(Exchange exchange, string tag)
    {
        Set(exchange, tag);
        if (!Matches(exchange.Request.Headers.IfNoneMatch, tag, isWeak: true))
        {
            return false;
        }

        exchange.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    public static void Set(Exchange exchange, string tag)
    {
        exchange.Response.Headers.ETag = tag;
        // Kept by the client alone, and asked about each time: who may see it can change.
        exchange.Response.Headers.CacheControl = "private, no-cache";
    }

    /// <summary>Whether a change may go on: without <c>If-Match</c>, or when it names the state that is there now. Ask inside the transaction.</summary>
    public static bool AllowsChange(StringValues ifMatch, string tag) => ifMatch.Count == 0 || Matches(ifMatch, tag);

    /// <param name="header">A list of tags, or <c>*</c>, which is any state.</param>
    /// <param name="isWeak">The comparison of <c>If-None-Match</c>; that of <c>If-Match</c> takes no weak tag (section 8.8.3.2).</param>
    public static bool Matches(StringValues header, string tag, bool isWeak = false)
    {
        foreach (var line in header)
        {
            if (MatchesLine(line, tag, isWeak))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MatchesLine(ReadOnlySpan<char> rest, ReadOnlySpan<char> tag, bool isWeak)
    {
        if (rest.Trim() is "*")
        {
            return true;
        }

        while (!(rest = rest.TrimStart(", \t")).IsEmpty)
        {
            var isWeakTag = rest.StartsWith("W/", StringComparison.Ordinal);
            rest = isWeakTag ? rest[2..] : rest;
            var end = rest.Length > 1 && rest[0] == '"' ? rest[1..].IndexOf('"') : -1;
            if (end < 0)
            {
                // Not a tag; what follows it cannot be told apart.
                return false;
            }

            if ((isWeak || !isWeakTag) && rest[..(end + 2)].SequenceEqual(tag))
            {
                return true;
            }

            rest = rest[(end + 2)..];
        }

        return false;
    }
}
