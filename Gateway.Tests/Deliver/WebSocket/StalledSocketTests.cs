using Gateway.Deliver;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>A client that reads nothing for longer than the hub bears, and then reads again.</summary>
public sealed class StalledSocketTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stalled_TooLong_ReadsWhatWasOnItsWayAndThen4100(bool isTls)
    {
        var time = new FakeTimeProvider();
        await using var host = await SocketHost.StartAsync(isTls, time, hubTime: time);
        using var slow = await RawSocket.OpenAsync(host, "?all=true", receiveBufferBytes: 4096);
        await slow.ReadActionAsync("subscribed");
        await slow.ReadActionAsync("caught_up");

        // 40 MB: more than any kernel holds for one socket, and more than its queue here.
        const int TextLength = 40_000;
        for (var batch = 0; batch < 50; batch++)
        {
            await host.OfferAsync(20, TextLength);
        }

        var patience = Environment.TickCount64 + 20_000;
        while (host.Hub.ConnectionCount > 0)
        {
            Assert.True(Environment.TickCount64 < patience, "the hub did not let it go");
            time.Advance(Limits.Deliver.Tick);

            // The clock must not run through the session's wait for the client's close while the hub's thread waits for a processor.
            for (var now = Environment.TickCount64; Environment.TickCount64 < now + 2;)
            {
                await Task.Yield();
            }
        }

        var (next, code) = (1L, 0);
        while (code == 0 && await slow.ReadFrameAsync() is { } frame)
        {
            if (frame.Opcode == Opcode.Close)
            {
                code = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
            }
            else if (frame.Opcode == Opcode.Text)
            {
                Assert.Equal(next++, System.Text.Json.JsonDocument.Parse(frame.Payload).RootElement.GetProperty("seq").GetInt64());
            }
        }

        Assert.Equal((int)CloseCode.SlowConsumer, code);
        Assert.InRange(next, 2, 999);
    }

    /// <summary>Regression: one that subscribed while the gateway was closing was told an error first, as if its subscription had been wrong.</summary>
    [Fact]
    public async Task Subscribe_WhileTheGatewayCloses_IsAnsweredByTheCloseCodeAlone()
    {
        var time = new FakeTimeProvider();
        await using var host = await SocketHost.StartAsync(time: time, hubTime: time);
        using var slow = await RawSocket.OpenAsync(host, "?all=true", receiveBufferBytes: 4096);
        await slow.ReadActionAsync("subscribed");
        await slow.ReadActionAsync("caught_up");
        for (var batch = 0; batch < 50; batch++)
        {
            await host.OfferAsync(20, 40_000);
        }

        // What it does not read keeps the close waiting; the tick that closes it is before its wish in the shard's line.
        var stopping = host.Hub.StopAsync(default);
        for (var shard = 0; shard < 2; shard++)
        {
            // Let in by turns, and closed at once by a shard that has begun to drain.
            using var witness = await RawSocket.OpenAsync(host);
            Assert.Equal(4101, await witness.ReadCloseAsync());
        }

        time.Advance(Limits.Deliver.DrainJitter + Limits.Deliver.Tick);
        time.Advance(Limits.Deliver.Tick);
        await slow.SendTextAsync("""{"action":"subscribe","id":"b","all":true}""");
        var code = 0;
        while (code == 0 && await slow.ReadFrameAsync() is { } frame)
        {
            if (frame.Opcode == Opcode.Close)
            {
                code = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
            }
            else
            {
                Assert.False(frame.Payload.AsSpan().StartsWith("{\"action\":\"error\""u8), System.Text.Encoding.UTF8.GetString(frame.Payload));
            }
        }

        Assert.Equal((int)CloseCode.Draining, code);
        await stopping;
    }
}
