using System.Text;
using Gateway.Deliver;
using Gateway.Deliver.Sse;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>Catch-up frames made of a frame that is shared, against the same frames made in place.</summary>
public sealed class SharedFrameTests
{
    private static LogEvent EventOf(int textLength)
    {
        var payload = Encoding.UTF8.GetBytes($$$"""{"update_id":5,"message":{"message_id":1,"date":1770638400,"chat":{"id":-1001234,"type":"supergroup"},"text":"{{{new string('x', textLength)}}}"}}""");
        return new LogEvent("abcdefgh", 8123, 1, "message", payload, UpdateParser.Parse(payload)) { ChatId = 7, MessageId = 8123, CreatedAtMs = 1 };
    }

    // The tag and the brace move a frame over the bounds at which its header grows.
    public static TheoryData<int, bool> Sizes()
    {
        var sizes = new TheoryData<int, bool>();
        foreach (var around in new[] { 1, 64_950, 65_000, 65_060, 70_000 })
        {
            for (var step = 0; step < 40; step += around < 64_000 ? 40 : 1) sizes.Add(around + step, step % 2 == 0);
        }

        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Replay_OfASharedEvent_IsTheSameBytesAsOfAnEventOfItsOwn(int textLength, bool includeUpdate)
    {
        var logEvent = EventOf(textLength);
        foreach (Framing framing in new Framing[] { WebSocketFraming.Instance, SseFraming.Instance })
        {
            var (shared, own) = (new ByteBuffer(16), new ByteBuffer(16));
            var kept = new EncodedEvent(logEvent);
            foreach (var id in new[] { "a", "a", "\"quoted\"" })
            {
                framing.AppendReplay(shared, kept, includeUpdate, id);
                framing.AppendReplay(own, new EncodedEvent(logEvent, keepsFrames: false), includeUpdate, id);
            }

            framing.AppendEvent(shared, kept, includeUpdate);
            framing.AppendEvent(own, new EncodedEvent(logEvent, keepsFrames: false), includeUpdate);
            Assert.True(own.Written.SequenceEqual(shared.Written));
        }
    }

    [Fact]
    public void Replay_OfASharedEvent_EncodesItOncePerForm()
    {
        var encoded = new EncodedEvent(EventOf(10));
        // What stands in the place of the frame is what is sent: nothing is encoded again.
        encoded.WebSocketFrame(includeUpdate: false) = [0x81, 7, .. "{\"n\":1}"u8];
        encoded.SseBlock(includeUpdate: true) = "data: 2\n\n"u8.ToArray();
        var (socket, block) = (new ByteBuffer(16), new ByteBuffer(16));
        WebSocketFraming.Instance.AppendReplay(socket, encoded, includeUpdate: false, "a");
        WebSocketFraming.Instance.AppendEvent(socket, encoded, includeUpdate: false);
        SseFraming.Instance.AppendReplay(block, encoded, includeUpdate: true, "a");

        Assert.Equal([0x81, 20, .. "{\"n\":1,\"replay\":\"a\"}"u8, 0x81, 7, .. "{\"n\":1}"u8], socket.Written.ToArray());
        Assert.Equal("data: 2\n\n"u8.ToArray(), block.Written.ToArray());
    }

    [Fact]
    public void Replay_OfAnEventOfItsOwn_KeepsNothing()
    {
        var encoded = new EncodedEvent(EventOf(10), keepsFrames: false);
        WebSocketFraming.Instance.AppendReplay(new ByteBuffer(16), encoded, includeUpdate: false, "a");
        SseFraming.Instance.AppendReplay(new ByteBuffer(16), encoded, includeUpdate: false, "a");

        Assert.Null(encoded.WebSocketFrame(includeUpdate: false));
        Assert.Null(encoded.SseBlock(includeUpdate: false));
    }
}
