using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Deliver.Pull;

/// <summary>
/// <c>GET /api/v1/events</c>: one page of events, or, with <c>wait</c>, the next ones when they come. A pull is a subscription that lives
/// for one answer, so selectors, permissions, gaps and live events are those of every other stream, and waiting asks no database.
/// </summary>
internal sealed class PullHandler(StreamAdmission admission, Hub hub, TimeProvider time)
{
    public const string Path = "/api/v1/events";

    public HttpRoute Route => new("GET", Path, HandleAsync, "events")
    {
        Needs = PermissionNames.Of(Permission.EventsRead),
        IsStream = true,
        Document = StreamDocuments.Pull,
    };

    public async Task HandleAsync(Exchange exchange)
    {
        if (!TryRead(exchange.Request.Query, "limit", 1, Limits.Deliver.PullEvents, Limits.Deliver.PullDefaultEvents, out var limit)
            || !TryRead(exchange.Request.Query, "wait", 0, (int)Limits.Deliver.PullWait.TotalSeconds, 0, out var waitSeconds))
        {
            await StreamAdmission.RefuseAsync(exchange, new RequestError("INVALID_PARAMETER",
                $"limit is 1 to {Limits.Deliver.PullEvents}, wait is 0 to {Limits.Deliver.PullWait.TotalSeconds} seconds."));
            return;
        }

        var parse = SubscriptionRequestQuery.Parse(exchange.Request.Query, "limit", "wait");
        if (await admission.AdmitAsync(exchange, parse) is not { } admitted)
        {
            return;
        }

        var outlet = new PullOutlet(limit, admitted.Resolved.Start.AfterSeq ?? 0);
        // Not left to the stream's rule, which waits for a slow reader: an answer of megabytes would lie in memory for one who never reads.
        if (exchange.Context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = new MinDataRate(Limits.Deliver.PullRateBytesPerSecond, Limits.Deliver.CloseWait);
        }

        var connection = hub.Open(admitted.Principal, PullFraming.Instance, outlet);
        outlet.Attach(connection);
        var outcome = await connection.StartAsync(admitted.Resolved);
        if (outcome.Error is { } error)
        {
            connection.OnGone();
            await StreamAdmission.RefuseAsync(exchange, error);
            return;
        }

        try
        {
            var isWhole = await CollectAsync(outlet, connection, TimeSpan.FromSeconds(waitSeconds), exchange.Aborted);
            await AnswerAsync(exchange, connection, outlet, admitted.Resolved.Request!.Id, outcome.Position.LogId, isWhole);
        }
        finally
        {
            connection.OnGone();
        }
    }

    /// <returns>False when the end of the log could not be reached in time: the database is away, or permissions cannot be checked.</returns>
    private async ValueTask<bool> CollectAsync(PullOutlet outlet, Connection connection, TimeSpan wait, CancellationToken aborted)
    {
        using var timer = new CancellationTokenSource(Limits.Deliver.PullPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, timer.Token);
        var started = time.GetTimestamp();
        await Task.WhenAny(outlet.CaughtUp, connection.Completion, Forever(either.Token));
        var isWhole = outlet.CaughtUp.IsCompleted;
        var rest = wait - time.GetElapsedTime(started);
        if (isWhole && rest > TimeSpan.Zero && !outlet.Filled.IsCompleted)
        {
            timer.CancelAfter(rest);
            await Task.WhenAny(outlet.Filled, connection.Completion, Forever(either.Token));
        }

        return isWhole;
    }

    private async Task AnswerAsync(Exchange exchange, Connection connection, PullOutlet outlet, string subscriptionId, string logId, bool isWhole)
    {
        if (connection.Principal.IsRevoked)
        {
            await AccessGate.RefuseAsync(exchange, AuthenticationStatus.Rejected);
            return;
        }

        if (!connection.Principal.Has(Permission.EventsRead))
        {
            await AccessGate.ForbidAsync(exchange, PermissionNames.Of(Permission.EventsRead));
            return;
        }

        // Ending the subscription answers how far it came: a quiet filter moves on too.
        var end = await connection.UnsubscribeAsync(subscriptionId);
        if (end.Error is null)
        {
            outlet.EndAt(end.Position.Seq);
        }

        // A new identity meanwhile: a full answer takes no gap any more, and its positions are of the old one. Asked again, it begins with the gap.
        var isOfOneLog = end.Error is not null || end.Position.LogId == logId;
        if (!isOfOneLog || (!isWhole && !outlet.HasAnything) || !MayLeave(outlet, hub, connection))
        {
            await StreamAdmission.RefuseAsync(exchange, ResolvedSubscription.Unavailable.Error!);
            return;
        }

        var buffer = new ByteBuffer(outlet.Bytes + 128);
        outlet.Write(buffer, logId);
        await GuardedReply.WriteAsync(
            exchange, () => !hub.MayDeliver ? RestStatus.Hold : MayLeave(outlet, hub, connection) ? RestStatus.Send : RestStatus.Cut, buffer.Written.ToArray());
    }

    /// <summary>What was collected under permissions of which some were taken since, or that nobody knows now, does not leave; the client asks again.</summary>
    internal static bool MayLeave(PullOutlet outlet, Hub hub, Connection connection) =>
        outlet.CollectedUnder is not { } grants || (hub.MayDeliver && !connection.Principal.IsRevoked && connection.Principal.Has(Permission.EventsRead)
            && (ReferenceEquals(grants, connection.Principal.Grants) || (!outlet.IsMixed && connection.Principal.Grants.Covers(grants))));

    private static Task Forever(CancellationToken until) =>
        Task.Delay(Timeout.InfiniteTimeSpan, until).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static bool TryRead(IQueryCollection query, string name, int least, int most, int absent, out int value)
    {
        value = absent;
        string? text = query[name];
        return text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most);
    }
}
