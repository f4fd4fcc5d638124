using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Gateway.LoadTests.Native;
using Gateway.LoadTests.Posting;
using HdrHistogram;

namespace Gateway.LoadTests.Streaming;

/// <summary>
/// Many WebSocket subscribers drained by one thread: big reads, frames found by their length, no JSON parser. An event's time is
/// found by the mark in its text; pings are answered so that the server keeps the sockets.
/// </summary>
internal sealed unsafe class SubscriberPool : IDisposable
{
    private const int BufferBytes = 1024 * 1024;
    private const int Ping = 9, Close = 8;

    private readonly Epoll epoll = new(1024);
    private readonly List<Socket> sockets = [];
    private readonly List<byte[]?> leftovers = [];
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private readonly Lock gate = new();
    private readonly Thread thread;
    private LongHistogram latency = LoadResult.NewHistogram();
    private long events, closed;
    private byte[]? sample;
    private volatile bool stopping;

    public SubscriberPool() => thread = new Thread(Drain) { IsBackground = true, Name = "subscribers" };

    public int Count => sockets.Count;

    /// <summary>Connects and upgrades, or with no path only connects (the bare loop's sockets speak frames from the first byte).</summary>
    public void Add(int port, string? path)
    {
        Socket socket = Loopback.Connect(port, sockets.Count);
        byte[] early = [];
        if (path is not null)
        {
            early = Upgrade(socket, port, path);
        }

        sockets.Add(socket);
        leftovers.Add(early.Length == 0 ? null : early);
        epoll.AddReadable((int)socket.Handle, sockets.Count - 1);
    }

    public void Start() => thread.Start();

    /// <summary>Events, latencies and lost sockets since the last call.</summary>
    public (long Events, LongHistogram Latency, long Closed) Take()
    {
        lock (gate)
        {
            (long, LongHistogram, long) taken = (events, latency, closed);
            events = 0;
            closed = 0;
            latency = LoadResult.NewHistogram();
            return taken;
        }
    }

    /// <summary>A whole event frame as it came, header included; null until there was one.</summary>
    public byte[]? Sample
    {
        get
        {
            lock (gate)
            {
                return sample;
            }
        }
    }

    private static byte[] Upgrade(Socket socket, int port, string path)
    {
        socket.Send(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        byte[] answer = new byte[16 * 1024];
        int filled = 0;
        socket.ReceiveTimeout = 10_000;
        while (true)
        {
            int count = socket.Receive(answer.AsSpan(filled));
            filled += count;
            int end = answer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (count == 0 || (end >= 0 && !answer.AsSpan().StartsWith("HTTP/1.1 101"u8)))
            {
                throw new InvalidDataException("upgrade refused: " + Encoding.UTF8.GetString(answer, 0, filled));
            }

            if (end >= 0)
            {
                return answer.AsSpan(end + 4, filled - end - 4).ToArray();
            }
        }
    }

    private void Drain()
    {
        while (!stopping)
        {
            int ready = epoll.Wait(50_000_000);
            lock (gate)
            {
                for (int at = 0; at < ready; at++)
                {
                    Receive(epoll.NumberAt(at));
                }
            }
        }
    }

    private void Receive(int number)
    {
        int kept = 0;
        if (leftovers[number] is { } leftover)
        {
            leftover.CopyTo(buffer, 0);
            kept = leftover.Length;
            leftovers[number] = null;
        }

        nint count;
        fixed (byte* bytes = buffer)
        {
            count = Libc.Receive((int)sockets[number].Handle, bytes + kept, BufferBytes - kept, Libc.MsgDontWait);
        }

        if (count <= 0)
        {
            if (count == 0 || Marshal.GetLastPInvokeError() != Libc.Again)
            {
                closed++;
                sockets[number].Dispose();
                return;
            }

            count = 0;
        }

        int used = Frames(number, buffer.AsSpan(0, kept + (int)count));
        int rest = kept + (int)count - used;
        if (rest > 0)
        {
            leftovers[number] = buffer.AsSpan(used, rest).ToArray();
        }
    }

    private int Frames(int number, ReadOnlySpan<byte> bytes)
    {
        long now = Clock.Now;
        int used = 0;
        while (bytes.Length - used >= 2)
        {
            ReadOnlySpan<byte> frame = bytes[used..];
            int header = 2, length = frame[1] & 0x7F;
            if (length == 126 && frame.Length >= 4)
            {
                (header, length) = (4, BinaryPrimitives.ReadUInt16BigEndian(frame[2..]));
            }
            else if (length == 127 && frame.Length >= 10)
            {
                (header, length) = (10, checked((int)BinaryPrimitives.ReadUInt64BigEndian(frame[2..])));
            }
            else if (length >= 126)
            {
                break;
            }

            if (frame.Length < header + length)
            {
                break;
            }

            OnFrame(number, frame[0] & 0x0F, frame[..(header + length)], frame.Slice(header, length), now);
            used += header + length;
        }

        return used;
    }

    private void OnFrame(int number, int opcode, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> payload, long now)
    {
        if (opcode is Ping)
        {
            Span<byte> pong = stackalloc byte[6 + 125];
            pong[0] = 0x8A;
            pong[1] = (byte)(0x80 | payload.Length);
            pong[2..6].Clear();
            payload.CopyTo(pong[6..]);
            sockets[number].Send(pong[..(6 + payload.Length)]);
            return;
        }

        if (opcode is Close)
        {
            return;
        }

        int mark = payload.IndexOf(UpdateTemplate.TimeMark);
        if (mark < 0)
        {
            return;
        }

        events++;
        if (Utf8Parser.TryParse(payload.Slice(mark + UpdateTemplate.TimeMark.Length, UpdateTemplate.TimeDigits), out long due, out _))
        {
            latency.RecordValue(Math.Clamp((now - due) / 1000, 1, 119_000_000));
        }

        sample ??= frame.ToArray();
    }

    public void Dispose()
    {
        stopping = true;
        if (thread.IsAlive)
        {
            thread.Join();
        }

        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }

        epoll.Dispose();
    }
}
