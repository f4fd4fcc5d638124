using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.Sse;

/// <summary>
/// The response's pipe: what it takes is on its way; when the client does not read, its flush does not complete, and that is the pause.
/// </summary>
internal sealed class ResponseOutlet(HttpContext context) : IOutlet
{
    private readonly PipeWriter body = context.Response.BodyWriter;

    /// <summary>Set before anything can be sent.</summary>
    public Connection? Connection { get; set; }

    public SendStatus Send(ReadOnlySpan<byte> frames)
    {
        frames.CopyTo(body.GetSpan(frames.Length));
        body.Advance(frames.Length);
        var flush = body.FlushAsync(CancellationToken.None);
        if (!flush.IsCompletedSuccessfully)
        {
            _ = FinishAsync(flush.AsTask());
            return SendStatus.Pending;
        }

        return flush.Result.IsCompleted ? SendStatus.Closed : SendStatus.Sent;
    }

    /// <summary>The handler returns when the connection completes, and that ends the body.</summary>
    public void Close(CloseCode code) => Send(SseFraming.Close(code));

    public void Abort() => context.Abort();

    private async Task FinishAsync(Task<FlushResult> flush)
    {
        // The one notification this pending send owes the shard; a failed flush means that the peer is gone.
        Task ended = flush;
        await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        if (flush.IsCompletedSuccessfully && !flush.Result.IsCompleted)
        {
            Connection!.OnWritable();
        }
        else
        {
            Connection!.OnGone();
        }
    }
}
