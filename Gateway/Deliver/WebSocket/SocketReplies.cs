using System.Globalization;
using System.Text;

namespace Gateway.Deliver.WebSocket;

/// <summary>The session's own frames: everything about events and subscriptions comes from the framing.</summary>
internal static class SocketReplies
{
    /// <summary>RFC 6455 lets a ping carry data; it needs none, because only one is ever out.</summary>
    public static readonly byte[] Ping = Frame(Opcode.Ping, []);

    public static readonly byte[] Authenticated = Frame(Opcode.Text, """{"action":"authenticated"}"""u8);

    public static byte[] Pong(ReadOnlySpan<byte> payload) => Frame(Opcode.Pong, payload);

    /// <summary>The answer to <c>{"action":"ping"}</c>, for clients that cannot see protocol pings (browsers).</summary>
    public static byte[] ActionPong(DateTimeOffset now) =>
        Frame(Opcode.Text, Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $$"""{"action":"pong","timestamp":"{{now.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}}"}""")));

    private static byte[] Frame(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[FrameWriter.HeaderBytes(payload.Length) + payload.Length];
        FrameWriter.WriteFrame(frame, opcode, payload);
        return frame;
    }
}
