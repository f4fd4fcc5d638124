using Gateway.Access;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>A credential that does not open a socket, said in both ways.</summary>
internal sealed record CredentialRefusal(int Status, CloseCode CloseCode, string Code, string Message, TimeSpan? RetryAfter = null)
{
    public static readonly CredentialRefusal Rejected =
        new(StatusCodes.Status401Unauthorized, CloseCode.Unauthenticated, "UNAUTHENTICATED", "The credential is not valid.");

    public static readonly CredentialRefusal Conflicting =
        new(StatusCodes.Status400BadRequest, CloseCode.Unauthenticated, "CONFLICTING_CREDENTIALS", "Two different credentials are given.");

    public static readonly CredentialRefusal Forbidden =
        new(StatusCodes.Status403Forbidden, CloseCode.Forbidden, "FORBIDDEN", $"This needs the permission {PermissionNames.Of(Permission.EventsRead)}.");

    public static readonly CredentialRefusal Unavailable = new(StatusCodes.Status503ServiceUnavailable, CloseCode.CannotCheckNow, "UNAVAILABLE",
        "The credential cannot be checked now; try again.", Limits.WebSocket.RetryAfter);

    /// <summary>Null: nothing is wrong with it, or there is none.</summary>
    public static CredentialRefusal? Of(AuthenticationStatus status) => status switch
    {
        AuthenticationStatus.Accepted or AuthenticationStatus.Missing => null,
        AuthenticationStatus.Conflicting => Conflicting,
        AuthenticationStatus.Unavailable => Unavailable,
        _ => Rejected,
    };

    /// <summary>Whether the principal may listen. Asked of the database before it is refused, so that a permission holds for what comes after it was given.</summary>
    public static async ValueTask<CredentialRefusal?> OfAsync(Principal principal, Hub hub)
    {
        if (principal.Has(Permission.EventsRead))
        {
            return null;
        }
        if (!await hub.ReadFreshAsync())
        {
            return Unavailable;
        }
        return principal.IsRevoked ? Rejected : principal.Has(Permission.EventsRead) ? null : Forbidden;
    }
}
