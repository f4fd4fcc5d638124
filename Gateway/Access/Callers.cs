using System.Net;
using Gateway.Http;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>Who asks, for handlers behind the <see cref="AccessGate"/>.</summary>
internal static class Callers
{
    public static Principal Principal(this Exchange exchange) =>
        (Principal?)exchange.Caller ?? throw new InvalidOperationException("This route is not behind the access gate.");

    /// <summary>For the audit log.</summary>
    public static Actor Actor(this Exchange exchange) => ActorOf(exchange.Principal(), exchange.ClientAddress, exchange.RequestId);

    /// <summary>For the audit log, where the caller is not known.</summary>
    public static Actor Stranger(this Exchange exchange) => ActorOf(null, exchange.ClientAddress, exchange.RequestId);

    /// <param name="principal">Null: not known.</param>
    public static Actor ActorOf(Principal? principal, IPAddress? from, string? requestId)
    {
        var address = TextOf(from);
        return principal is null
            ? new Actor(ActorKind.Nobody, 0, "", address, requestId)
            : new Actor(principal.Id.Kind == PrincipalKind.ApiKey ? ActorKind.ApiKey : ActorKind.User, principal.Id.Id, principal.Name, address, requestId);
    }

    /// <summary>An IPv4 client of a socket for both has a mapped IPv6 address; it is the same client.</summary>
    public static string? TextOf(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
