using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.Sse;

/// <summary><c>GET /api/v1/events/stream</c>: one subscription, from the query or from where <c>Last-Event-ID</c> left off.</summary>
internal sealed class EventStreamHandler(StreamAdmission admission, Hub hub, TimeProvider time)
{
    public const string Path = "/api/v1/events/stream";

    public HttpRoute Route => new("GET", Path, HandleAsync, "events_stream")
    {
        Needs = PermissionNames.Of(Permission.EventsRead),
        IsStream = true,
        Document = StreamDocuments.EventStream,
    };

    public async Task HandleAsync(Exchange exchange)
    {
        var parse = LastEventId.Apply(SubscriptionRequestQuery.Parse(exchange.Request.Query), exchange.Request);
        if (await admission.AdmitAsync(exchange, parse) is not { } admitted)
        {
            return;
        }

        var response = exchange.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // nginx would otherwise collect events until its buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(exchange.Aborted);

        var outlet = new ResponseOutlet(exchange.Context);
        var connection = hub.Open(admitted.Principal, SseFraming.Instance, outlet);
        outlet.Connection = connection;
        await using var gone = exchange.Aborted.Register(connection.OnGone);
        var outcome = await connection.StartAsync(admitted.Resolved);
        if (outcome.Error is { } error)
        {
            await connection.WriteControlAsync(SseFraming.Instance.Error(error));
            await connection.CloseAsync(CloseCode.Draining);
        }

        // Until then the shard may write; only afterwards may the server end the body.
        await connection.Completion;
        await outlet.EndAsync(time);
    }
}
