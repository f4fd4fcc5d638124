using Gateway.Http;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>Who asks, for handlers behind the <see cref="AccessGate"/>.</summary>
internal static class Callers
{
    public static Principal Principal(this Exchange exchange) =>
        (Principal?)exchange.Caller ?? throw new InvalidOperationException("This route is not behind the access gate.");

    /// <summary>For the audit log.</summary>
    public static Actor Actor(this Exchange exchange)
    {
        var principal = exchange.Principal();
        return new Actor(
            principal.Id.Kind == PrincipalKind.ApiKey ? ActorKind.ApiKey : ActorKind.User,
            principal.Id.Id,
            principal.Name,
            exchange.Address(),
            exchange.RequestId);
    }

    /// <summary>For the audit log, where the caller is not known.</summary>
    public static Actor Stranger(this Exchange exchange) => new(ActorKind.Nobody, 0, "", exchange.Address(), exchange.RequestId);

    /// <summary>An IPv4 client of a socket for both has a mapped IPv6 address; it is the same client.</summary>
    private static string? Address(this Exchange exchange) =>
        exchange.Context.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null;
}
