using Gateway.Access;
using Gateway.Deliver;
using Gateway.Deliver.Sse;
using Gateway.Deliver.WebSocket;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>
/// Over HTTP/2 the server puts what a stream sends into frames of the connection, and those leave even when the stream has been reset. A peer that takes
/// nothing, resets, and reads after a revoke must not get them by that.
/// </summary>
public sealed class ResetStreamTests
{
    // More than the kernels take for a peer that reads nothing.
    private const int AnswerBytes = 16_000_000, ReceiveBufferBytes = 4096, NarrowWindowBytes = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), Quiet = TimeSpan.FromMilliseconds(300);

    private readonly TaskCompletionSource stalled = New(), ended = New(), over = New();
    private volatile RestStatus status = RestStatus.Send;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ResetWhileItsPeerTakesNothing_TheRestIsStillAskedAbout(bool mayLeave)
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(context => AnswerAsync(context), isTls: true);
        await using RawHttp2 client = await RawHttp2.ConnectAsync(server.Address.Port, ReceiveBufferBytes);
        await ResetWhileStalledAsync(client);
        // Nobody tells when the server has read of it; one that is late makes this test show less and not fail.
        await Assert.ThrowsAsync<TimeoutException>(() => over.Task.WaitAsync(Quiet));
        status = mayLeave ? RestStatus.Send : RestStatus.Cut;

        bool isCut = await client.ReadUntilQuietAsync(Quiet);

        Assert.Equal(!mayLeave, isCut);
        Assert.Equal(mayLeave, client.BodyBytes.GetValueOrDefault(1) == AnswerBytes);
    }

    /// <summary>What waits for the peer's window is in no frame yet, and is let go with its stream; the connection is the others' as before.</summary>
    [Fact]
    public async Task Answer_ResetWhileItWaitsForAWindow_IsOverAndHoldsNobody()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(
            context => context.Request.Path == "/" ? AnswerAsync(context) : context.Response.WriteAsync("other"), isTls: true);
        await using RawHttp2 client = await RawHttp2.ConnectAsync(server.Address.Port, ReceiveBufferBytes, NarrowWindowBytes);
        await client.GetAsync(1, "/");
        await stalled.Task.WaitAsync(Patience);
        await client.GetAsync(3, "/other");
        await client.ReadUntilQuietAsync(Quiet);
        Assert.Equal(5, client.BodyBytes[3]);

        await client.ResetAsync(1);
        await over.Task.WaitAsync(Patience);
        status = RestStatus.Cut;
        await client.GetAsync(5, "/other");

        Assert.False(await client.ReadUntilQuietAsync(Quiet));
        Assert.Equal(NarrowWindowBytes, client.BodyBytes[1]);
        Assert.Equal(5, client.BodyBytes[5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EventStream_ResetWhileItsPeerTakesNothing_TheRestIsStillAskedAbout(bool mayLeave)
    {
        await using HubHarness hub = await HubHarness.StartAsync();
        Principal principal = HubHarness.Reader(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(context => StreamAsync(context, hub, principal), isTls: true);
        await using RawHttp2 client = await RawHttp2.ConnectAsync(server.Address.Port, ReceiveBufferBytes);
        await ResetWhileStalledAsync(client);
        await ended.Task.WaitAsync(Patience);
        principal.Grants = mayLeave ? HubHarness.Reads(1, 2) : Grants.None;

        bool isCut = await client.ReadUntilQuietAsync(Quiet);

        Assert.Equal(!mayLeave, isCut);
        Assert.Equal(mayLeave, client.BodyBytes.GetValueOrDefault(1) == AnswerBytes);
    }

    /// <summary>A WebSocket of an HTTP/2 connection: it does not end before its handler, so the handler must not wait for it.</summary>
    [Fact]
    public async Task Socket_EndedWhileItWaitsForAWindow_IsOver()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(SocketAsync, isTls: true);
        await using RawHttp2 client = await RawHttp2.ConnectAsync(server.Address.Port, ReceiveBufferBytes, NarrowWindowBytes);
        await client.GetAsync(1, "/");

        await over.Task.WaitAsync(Patience);
    }

    private async Task SocketAsync(HttpContext context)
    {
        await context.Response.StartAsync();
        StreamOutlet outlet = new(new ResponseStream(context.Response.Body), context);
        Assert.Equal(SendStatus.Pending, outlet.Send(new byte[AnswerBytes]));
        await outlet.EndAsync();
        over.SetResult();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Task writing = GuardedReply.WriteAsync(new Exchange(context, default), () => status, new byte[AnswerBytes]);
        await Assert.ThrowsAsync<TimeoutException>(() => writing.WaitAsync(Quiet));
        stalled.SetResult();
        await Task.WhenAny(writing);
        over.SetResult();
    }

    private async Task StreamAsync(HttpContext context, HubHarness hub, Principal principal)
    {
        await context.Response.StartAsync();
        ResponseOutlet outlet = new(context);
        // No subscription: the shard sends nothing of its own meanwhile.
        Connection connection = hub.Hub.Open(principal, SseFraming.Instance, outlet);
        outlet.Connection = connection;
        (connection.SentUnder, connection.HasSentEvents) = (principal.Grants, true);
        Assert.Equal(SendStatus.Pending, outlet.Send(new byte[AnswerBytes]));
        stalled.SetResult();
        await AbortedAsync(context);
        connection.OnGone();
        await connection.Completion;
        Task ending = outlet.EndAsync(hub.Time);
        while (!ending.IsCompleted)
        {
            hub.Time.Advance(Limits.Deliver.CloseWait);
            await Task.Yield();
        }

        ended.SetResult();
    }

    private async Task ResetWhileStalledAsync(RawHttp2 client)
    {
        await client.GetAsync(1, "/");
        await stalled.Task.WaitAsync(Patience);
        await client.ResetAsync(1);
    }

    private static async Task AbortedAsync(HttpContext context)
    {
        TaskCompletionSource aborted = New();
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task.WaitAsync(Patience);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What an extended CONNECT gives, without what comes from the peer.</summary>
    private sealed class ResponseStream(Stream body) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => body.WriteAsync(buffer, cancellationToken);
    }
}
