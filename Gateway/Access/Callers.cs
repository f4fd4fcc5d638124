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
            exchange.Context.Connection.RemoteIpAddress?.ToString(),
            exchange.RequestId);
    }
}
