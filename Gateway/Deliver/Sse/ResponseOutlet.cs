using System.IO.Pipelines;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.Sse;

/// <summary>
/// The response's pipe: what it takes is on its way; when the client does not read, its flush does not complete, and that is the pause.
/// </summary>
internal sealed class ResponseOutlet : IOutlet
{
    private readonly HttpContext context;
    private readonly PipeWriter body;
    private readonly OutputGate? output;
    private readonly Func<RestStatus> guard;
    private volatile bool isWriting;
    private Task pending = Task.CompletedTask;
    private CloseCode lastCode;

    public ResponseOutlet(HttpContext context)
    {
        this.context = context;
        body = context.Response.BodyWriter;
        guard = () => isWriting && Connection is { } owner ? owner.CheckRest() : RestStatus.Send;
        output = OutputGate.Of(context);
        output?.Add(guard);
    }

    /// <summary>Set before anything can be sent.</summary>
    public Connection? Connection { get; set; }

    public SendStatus Send(ReadOnlySpan<byte> frames)
    {
        frames.CopyTo(body.GetSpan(frames.Length));
        body.Advance(frames.Length);
        isWriting = true;
        var flush = body.FlushAsync(CancellationToken.None);
        if (!flush.IsCompletedSuccessfully)
        {
            pending = FinishAsync(flush.AsTask());
            return SendStatus.Pending;
        }

        isWriting = false;
        return flush.Result.IsCompleted ? SendStatus.Closed : SendStatus.Sent;
    }

    public void Close(CloseCode code) => lastCode = code;

    public void Abort() => context.Abort();

    /// <summary>
    /// From the handler, when the shard has let the connection go: the last block behind what is on its way. A client that does not take
    /// it in time is cut; the server would wait for it for ever.
    /// </summary>
    public async Task EndAsync(TimeProvider time)
    {
        try
        {
            await pending.WaitAsync(Limits.Deliver.CloseWait, time);
            if (lastCode != 0)
            {
                await body.WriteAsync(SseFraming.Close(lastCode), CancellationToken.None).AsTask().WaitAsync(Limits.Deliver.CloseWait, time);
            }
        }
        catch (TimeoutException)
        {
            context.Abort();
        }
        finally
        {
            // Over HTTP/2 what the server has framed leaves after its stream was reset as well: until then there is somebody to ask.
            output?.RemoveAfter(guard, pending);
        }
    }

    private async Task FinishAsync(Task<FlushResult> flush)
    {
        // The one notification this pending send owes the shard; a failed flush means that the peer is gone.
        Task ended = flush;
        await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        isWriting = false;
        if (flush.IsCompletedSuccessfully && !flush.Result.IsCompleted)
        {
            Connection?.OnWritable();
        }
        else
        {
            Connection?.OnGone();
        }
    }
}
