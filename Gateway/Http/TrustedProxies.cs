using System.Net;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Http;

/// <summary>
/// Whose address a request counts under. Anybody can write <c>X-Forwarded-For</c>, so it is read only of connections from the operator's own proxies, and
/// from its right end, where the nearest of them wrote: the first address there that is no trusted proxy is the client's (MDN, X-Forwarded-For,
/// "Selecting an IP address"). What stands further left came with the request and may be made up.
/// </summary>
internal sealed class TrustedProxies(IReadOnlyList<ProxyNetwork> networks)
{
    private const string Header = "X-Forwarded-For";

    public static readonly TrustedProxies None = new([]);

    /// <summary>The one place that asks the connection. Null: it has no address, as in a test without a network.</summary>
    public IPAddress? ClientOf(HttpContext context)
    {
        var peer = context.Connection.RemoteIpAddress;
        return networks.Count > 0 && peer is not null && Contains(peer) ? Forwarded(peer, context.Request.Headers[Header]) : peer;
    }

    /// <summary>Several header lines are one list, in their order (RFC 9110, 5.3).</summary>
    private IPAddress Forwarded(IPAddress peer, StringValues lines)
    {
        var client = peer;
        var left = Limits.Http.ForwardedAddresses;
        for (var line = lines.Count - 1; line >= 0; line--)
        {
            var rest = lines[line].AsSpan();
            while (rest.Length > 0)
            {
                if (left-- == 0) return client;
                var comma = rest.LastIndexOf(',');
                var entry = rest[(comma + 1)..].Trim(" \t");
                rest = comma < 0 ? default : rest[..comma];
                // An empty element is allowed in any list and means nothing (RFC 9110, 5.6.1.2).
                if (entry.IsEmpty) continue;
                // "unknown" (RFC 7239, 6.2), a name, anything else: whatever is further left was passed on by nobody that is known.
                if (AddressText.WithPort(entry) is not { } address) return client;
                client = address;
                if (!Contains(address)) return client;
            }
        }

        return client;
    }

    private bool Contains(IPAddress address)
    {
        var bits = ProxyNetwork.BitsOf(address);
        for (var at = 0; at < networks.Count; at++)
        {
            if (networks[at].Contains(bits)) return true;
        }

        return false;
    }
}
