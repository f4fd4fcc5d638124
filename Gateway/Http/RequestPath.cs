using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>
/// The server resolves dot segments, escaped ones too, before the router sees a path: <c>/api/v1/bots/%2e%2e/users</c> would be <c>/api/v1/users</c>.
/// A proxy in front that opens only some paths compares the text as it came, and would be got round. No client sends such a path: RFC 3986,
/// section 5.2.4, has them removed before. So one that came with them is refused.
/// </summary>
internal static class RequestPath
{
    public static bool HasDotSegments(HttpContext context)
    {
        var path = context.Request.Path.Value.AsSpan();
        var sent = PathOf(context.Features.Get<IHttpRequestFeature>()?.RawTarget);
        // Both resolving and unescaping shorten, so a path of the same length came as it is: nearly every one.
        return sent.Length != path.Length && HasDotSegments(sent);
    }

    /// <param name="path">As it was sent, without the query.</param>
    internal static bool HasDotSegments(ReadOnlySpan<char> path)
    {
        foreach (var range in path.Split('/'))
        {
            if (IsDots(path[range]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The target may be absolute (<c>GET http://host/path</c>, as to a proxy), or <c>*</c>.</summary>
    private static ReadOnlySpan<char> PathOf(string? target)
    {
        var rest = target.AsSpan();
        var query = rest.IndexOf('?');
        rest = query < 0 ? rest : rest[..query];
        if (rest.StartsWith("/"))
        {
            return rest;
        }

        var scheme = rest.IndexOf("://");
        if (scheme < 0)
        {
            return rest;
        }

        rest = rest[(scheme + 3)..];
        var slash = rest.IndexOf('/');
        return slash < 0 ? [] : rest[slash..];
    }

    /// <summary>One or two dots, each as itself or as <c>%2e</c>.</summary>
    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            var length = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (length == 0 || ++dots > 2)
            {
                return false;
            }

            segment = segment[length..];
        }

        return dots > 0;
    }
}
