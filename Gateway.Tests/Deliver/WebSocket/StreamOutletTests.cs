using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Tests.Deliver.WebSocket;

public sealed class StreamOutletTests
{
    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public int Aborts { get; private set; }

        public void Abort() => Aborts++;
    }

    private sealed class StalledStream(Task taken) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(taken);
    }

    private readonly Lifetime lifetime = new();
    private readonly DefaultHttpContext context = new();
    private readonly MemoryStream stream = new();
    private readonly StreamOutlet outlet;

    public StreamOutletTests()
    {
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        outlet = new StreamOutlet(stream, context);
    }

    /// <summary>Kestrel uses the stream's objects for the connection's next request, while the shard may not have heard of the end yet.</summary>
    [Fact]
    public async Task Outlet_AfterItsSession_WritesAndCutsNothingMore()
    {
        Assert.Equal(SendStatus.Sent, outlet.Send("before"u8));
        await outlet.EndAsync();
        Assert.Equal(SendStatus.Closed, outlet.Send("after"u8));
        outlet.Abort();
        Assert.Equal("before"u8.ToArray(), stream.ToArray());
        Assert.Equal(0, lifetime.Aborts);
    }

    /// <summary>A write that is still on its way would reach the connection's next request as well.</summary>
    [Fact]
    public async Task Outlet_EndingWhileThePeerTakesNothing_CutsAndWaitsForTheWrite()
    {
        var taken = new TaskCompletionSource();
        var stalled = new StreamOutlet(new StalledStream(taken.Task), context);
        Assert.Equal(SendStatus.Pending, stalled.Send("slow"u8));
        var ended = stalled.EndAsync();
        Assert.Equal(1, lifetime.Aborts);
        Assert.False(ended.IsCompleted);
        taken.SetException(new IOException("cut"));
        await ended.AsTask().WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Outlet_Cut_ResetsTheRequest()
    {
        outlet.Abort();
        Assert.Equal(1, lifetime.Aborts);
    }
}
