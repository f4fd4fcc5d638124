using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>Many sockets and slow ones, over the plain socket; <see cref="TlsManySocketsTests"/> runs the same over TLS.</summary>
public class ManySocketsTests : IAsyncLifetime
{
    private const int Sockets = 2000;

    private SocketHost host = null!;

    protected virtual bool IsTls => false;

    public async Task InitializeAsync() => host = await SocketHost.StartAsync(IsTls);

    public async Task DisposeAsync()
    {
        host.Log.AssertNothing();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Upgrade_WhileEventsFlow_The101ComesFirstOnEverySocket()
    {
        using var stop = new CancellationTokenSource();
        var offering = OfferUntilAsync(stop.Token);
        var arrived = 0;
        await Parallel.ForAsync(0, Sockets, new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (i, _) =>
        {
            // From the smallest buffer the kernel gives (it doubles the number) to the usual one.
            int[] sizes = [0, 1, 2048, 16 * 1024];
            using var socket = await RawSocket.AskAsync(host, "?all=true", $"X-API-Key: {host.Key}\r\n", sizes[i % sizes.Length]);
            Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
            await ReadEventsAsync(socket, 3);
            Interlocked.Increment(ref arrived);
        });
        await stop.CancelAsync();
        await offering;
        Assert.Equal(Sockets, arrived);
    }

    /// <summary>
    /// On one shard, whose thread both share: a send that waited for the slow one would keep everything from the quick one. The gateway
    /// has the events when the clock starts, so the disk is not measured; two of the thirty are left to the collector and a busy machine.
    /// </summary>
    [Fact]
    public async Task Socket_ThatStopsReading_DelaysNoOtherAndGetsEverythingWholeLater()
    {
        const int Events = 600;
        const int TextLength = 20_000;
        await using var single = await SocketHost.StartAsync(IsTls, shards: 1);
        using var slow = await RawSocket.OpenAsync(single, "?all=true", receiveBufferBytes: 4096);
        using var quick = await RawSocket.OpenAsync(single, "?all=true");
        await slow.ReadActionAsync("subscribed");
        await quick.ReadActionAsync("subscribed");
        List<TimeSpan> times = [];
        for (var batch = 0; batch < Events / 20; batch++)
        {
            await single.OfferAsync(20, TextLength);
            var start = Stopwatch.GetTimestamp();
            await ReadEventsAsync(quick, 20);
            times.Add(Stopwatch.GetElapsedTime(start));
        }
        // 12 MB are more than the kernel holds for the slow one, so its last send was cut somewhere in a frame.
        await ReadEventsAsync(slow, Events);
        times.Sort();
        Assert.True(times[^3] < TimeSpan.FromMilliseconds(200), $"Batches took {string.Join(", ", times)}.");
        single.Log.AssertNothing();
    }

    [Fact]
    public async Task Socket_ReadInSmallSteps_GetsEveryFrameWhole()
    {
        using var socket = await RawSocket.OpenAsync(host, "?all=true", receiveBufferBytes: 1);
        await socket.ReadActionAsync("subscribed");
        for (var i = 0; i < 20; i++)
        {
            await host.OfferAsync(10, 30_000);
            await ReadEventsAsync(socket, 10);
        }
    }

    [Fact]
    public async Task Upgrade_OnAConnectionThatServedARequestBefore_TakesTheOrdinaryWay()
    {
        using var socket = await RawSocket.ConnectAsync(host);
        byte[] both = [.. Encoding.ASCII.GetBytes("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n"), .. RawSocket.Request("?all=true", $"X-API-Key: {host.Key}\r\n")];
        await socket.SendAsync(both);
        var first = await socket.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200 ", first, StringComparison.Ordinal);
        var second = await socket.ReadHeadAsync();
        Assert.Contains("HTTP/1.1 101 ", second, StringComparison.Ordinal);
        await host.OfferAsync(3);
        await ReadEventsAsync(socket, 3);
        await socket.SendAsync(ClientFrames.Close(1000));
        Assert.Equal(1000, await socket.ReadCloseAsync());
        Assert.True(await socket.IsEndedAsync());
    }

    [Fact]
    public async Task Socket_IdleForLongerThanTheServersTimeouts_StaysOpen()
    {
        var second = TimeSpan.FromSeconds(1);
        await using var strict = await SocketHost.StartAsync(IsTls, limits: limits =>
        {
            limits.KeepAliveTimeout = second;
            limits.RequestHeadersTimeout = second;
            limits.MinRequestBodyDataRate = new MinDataRate(100_000, second + second);
            limits.MinResponseDataRate = new MinDataRate(100_000, second + second);
        });
        using var socket = await RawSocket.OpenAsync(strict);
        // The server looks at its timeouts once a second: after five it has looked at all of them.
        await Assert.ThrowsAsync<TimeoutException>(() => socket.IsEndedAsync().WaitAsync(TimeSpan.FromSeconds(5)));
    }

    /// <summary>Reads past control frames; every event must follow the one before.</summary>
    private static async Task ReadEventsAsync(RawSocket socket, int count)
    {
        var last = 0L;
        while (count > 0)
        {
            var json = await socket.ReadJsonAsync();
            if (json.TryGetProperty("type", out _))
            {
                var seq = json.GetProperty("seq").GetInt64();
                Assert.True(last == 0 || seq == last + 1, $"{seq} came after {last}.");
                last = seq;
                count--;
            }
        }
    }

    private async Task OfferUntilAsync(CancellationToken stop)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!stop.IsCancellationRequested)
        {
            await host.OfferAsync(1);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}

public sealed class TlsManySocketsTests : ManySocketsTests
{
    protected override bool IsTls => true;
}
