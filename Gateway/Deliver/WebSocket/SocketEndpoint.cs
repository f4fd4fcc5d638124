using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// <c>GET /api/v1/ws</c>: everything that can be refused before the upgrade, with an HTTP status. A browser's script sees no status,
/// so for one (it sends <c>Origin</c>) what concerns its credential is said by an accepted upgrade and a close code.
/// </summary>
internal sealed class SocketEndpoint(SocketServices services, SocketOptions options)
{
    public const string Path = "/api/v1/ws";
    public const string Name = "websocket";

    /// <summary>GET with an upgrade, or HTTP/2's extended CONNECT (RFC 8441).</summary>
    private HttpRoute NewRoute(string method) => new(method, Path, HandleAsync, Name)
    {
        Needs = PermissionNames.Of(Permission.EventsRead),
        IsStream = true,
        AdmitsItself = true,
        Document = StreamDocuments.WebSocket,
    };

    public IEnumerable<HttpRoute> Routes =>
    [
        NewRoute("GET"),
        NewRoute("CONNECT"),
    ];

    public Task HandleAsync(Exchange exchange)
    {
        var status = Handshake.Examine(exchange.Context, options.AllowedOrigins);
        if (status != HandshakeStatus.Acceptable)
        {
            return HandshakeReply.WriteAsync(exchange, status);
        }
        var parsed = HasMoreThanCredentials(exchange.Request.Query) ? SubscriptionRequestQuery.Parse(exchange.Request.Query) : default;
        if (parsed.Error is { } error)
        {
            return ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, error.Code, error.Message);
        }
        return ServeAsync(exchange.Context, exchange, parsed.Request);
    }

    /// <summary>Waits for as long as the socket is open, so it is one method: each more costs every idle socket its state machine.</summary>
    private async Task ServeAsync(HttpContext context, Exchange exchange, SubscriptionRequest? first)
    {
        var place = new SocketPlace(services.Census, exchange.ClientAddress);
        try
        {
            // Not the request's own token: asking for it makes Kestrel keep a source for as long as the socket is open.
            var outcome = await services.Access.AuthenticateAsync(context.Request, isStream: true, CancellationToken.None);
            if (outcome.Principal is { } caller && services.Limiter.Take(caller) is { IsAllowed: false } over)
            {
                await RateReply.RefuseAsync(exchange, over);
                return;
            }
            var refusal = outcome.Principal is { } asking ? await CredentialRefusal.OfAsync(asking, services.Hub) : CredentialRefusal.Of(outcome.Status);
            if (refusal is not null)
            {
                services.NoteDenial(refusal, outcome.Principal, place.From, exchange.RequestId);
            }
            if (refusal is not null && !IsBrowser(context))
            {
                await RefuseAsync(exchange, refusal);
                return;
            }
            var entered = refusal is null && outcome.Principal is { } known ? place.Enter(known.Id) : place.EnterStranger();
            if (entered != CensusStatus.Entered)
            {
                await TooManyAsync(exchange, entered);
                return;
            }
            if (await Takeover.OpenAsync(context) is { } outlet)
            {
                var session = new SocketSession(services, outlet, place, refusal is null ? outcome.Principal : null, first);
                // What stands here stays as long as the socket is open.
                first = null;
                exchange = null!;
                await session.RunAsync(refusal);
            }
            if (!context.Response.HasStarted)
            {
                // The socket was taken over: Kestrel still thinks that it owes an answer.
                context.Abort();
            }
        }
        finally
        {
            place.Leave();
        }
    }

    private static Task RefuseAsync(Exchange exchange, CredentialRefusal refusal) =>
        ReferenceEquals(refusal, CredentialRefusal.Forbidden)
            ? AccessGate.ForbidAsync(exchange, PermissionNames.Of(Permission.EventsRead))
            : ErrorReply.WriteAsync(exchange, refusal.Status, refusal.Code, refusal.Message, refusal.RetryAfter);

    private static bool IsBrowser(HttpContext context) => context.Request.Headers.Origin.Count > 0;

    /// <summary>A name that is not known must not pass for a socket that wants nothing.</summary>
    private static bool HasMoreThanCredentials(IQueryCollection query)
    {
        foreach (var (name, _) in query)
        {
            if (!CredentialReader.IsQueryName(name))
            {
                return true;
            }
        }
        return false;
    }

    private static Task TooManyAsync(Exchange exchange, CensusStatus status) => status switch
    {
        CensusStatus.KeyFull => TooManyAsync(exchange, StatusCodes.Status429TooManyRequests, "This key has too many open sockets."),
        CensusStatus.AddressFull =>
            TooManyAsync(exchange, StatusCodes.Status429TooManyRequests, "This address has too many open sockets that have not authenticated."),
        CensusStatus.StrangersFull =>
            TooManyAsync(exchange, StatusCodes.Status503ServiceUnavailable, "The gateway has too many open sockets that have not authenticated."),
        _ => TooManyAsync(exchange, StatusCodes.Status503ServiceUnavailable, "The gateway has too many open sockets."),
    };

    private static Task TooManyAsync(Exchange exchange, int status, string message) =>
        ErrorReply.WriteAsync(exchange, status, "TOO_MANY_CONNECTIONS", message, Limits.WebSocket.RetryAfter);
}
