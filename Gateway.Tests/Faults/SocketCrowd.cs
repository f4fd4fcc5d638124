using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Faults;

/// <summary>
/// Many WebSockets that are read and counted but not parsed, except for the number that <see cref="TestUpdate"/> puts into each
/// text, which tells how long the event took from when it was due, and for pings, which are answered: a peer that does not is cut.
/// </summary>
internal sealed class SocketCrowd : IDisposable
{
    private static ReadOnlySpan<byte> Mark => "\"text\":\"number "u8;

    // A ping without payload. No text has a zero byte, and no frame here is long enough to have these two as its length.
    private static ReadOnlySpan<byte> Ping => [0x89, 0x00];

    // A client's frames are masked (RFC 6455, 5.3); nothing masked stays nothing.
    private static readonly byte[] Pong = [0x8a, 0x80, 1, 2, 3, 4];

    private readonly List<Socket> sockets = [];

    // A counter for each tenth of a millisecond up to ten seconds, and a timestamp for each update: six million deliveries a run, kept
    // one by one, made the test's own collector stop it for longer than what it measures.
    private const int SlotsPerMs = 10, Slots = 10_000 * SlotsPerMs;
    private readonly int[] counts = new int[Slots];
    private readonly long[] due = new long[MaxUpdates];
    private long expected, received;
    private int lost;
    private volatile bool isDisposed;
    private Thread? reader;

    // How soon the reader sees that it is disposed.
    private const int SelectMicroseconds = 100_000;

    /// <summary>Update ids stay below this.</summary>
    public const int MaxUpdates = 1_000_000;

    public int Lost => Volatile.Read(ref lost);

    public static SocketCrowd Connect(int port, string key, int count)
    {
        SocketCrowd crowd = new();
        for (int index = 0; index < count; index++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            crowd.sockets.Add(socket);
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(Encoding.ASCII.GetBytes(
                $"GET /api/v1/ws?all=true HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        }

        crowd.reader = new Thread(crowd.Read) { IsBackground = true, Name = "socket crowd" };
        crowd.reader.Start();
        return crowd;
    }

    public void Forget()
    {
        Array.Clear(counts);
        Array.Clear(due);
        Volatile.Write(ref expected, 0);
        Volatile.Write(ref received, 0);
    }

    /// <summary>Notes that the update is due now.</summary>
    public void Due(long updateId)
    {
        due[updateId] = TimeProvider.System.GetTimestamp();
        Interlocked.Add(ref expected, sockets.Count);
    }

    /// <summary>Waits until every socket has every event that was due, and answers the percentile.</summary>
    public async Task<TimeSpan> PercentileAsync(double part, TimeSpan within)
    {
        await Poll.UntilAsync(() => Interlocked.Read(ref received) >= Interlocked.Read(ref expected), within, () => $"{received} of {expected} events came");
        long wanted = (long)(Interlocked.Read(ref received) * part);
        int slot = 0;
        for (long passed = counts[0]; passed < wanted; passed += counts[slot])
        {
            slot++;
        }

        return TimeSpan.FromMilliseconds((slot + 1.0) / SlotsPerMs);
    }

    /// <summary>
    /// All sockets on one thread of their own: what is measured must not wait for the pool, which posts the updates.
    /// </summary>
    private void Read()
    {
        Dictionary<Socket, Inbox> open = sockets.ToDictionary(socket => socket, _ => new Inbox());
        List<Socket> readable = [];
        while (open.Count > 0 && !isDisposed)
        {
            readable.Clear();
            readable.AddRange(open.Keys);
            Socket.Select(readable, null, null, SelectMicroseconds);
            foreach (Socket socket in readable)
            {
                if (!TryRead(socket, open[socket]))
                {
                    open.Remove(socket);
                    Interlocked.Increment(ref lost);
                }
            }
        }
    }

    private bool TryRead(Socket socket, Inbox inbox)
    {
        try
        {
            int count = socket.Receive(inbox.Buffer.AsSpan(inbox.Filled));
            if (count == 0)
            {
                return false;
            }

            Span<byte> all = inbox.Buffer.AsSpan(0, inbox.Filled + count);
            if (all[Math.Max(inbox.Filled - 1, 0)..].IndexOf(Ping) >= 0)
            {
                socket.Send(Pong);
            }

            int used = Count(all);
            all[used..].CopyTo(inbox.Buffer);
            inbox.Filled = all.Length - used;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private sealed class Inbox
    {
        public byte[] Buffer { get; } = new byte[128 * 1024];
        public int Filled { get; set; }
    }

    /// <summary>Counts events by their mark; what follows the last whole one is kept for the next read.</summary>
    private int Count(ReadOnlySpan<byte> bytes)
    {
        const int LongestNumber = 20;
        long now = TimeProvider.System.GetTimestamp();
        int used = 0;
        while (true)
        {
            int at = bytes[used..].IndexOf(Mark);
            if (at < 0)
            {
                return Math.Max(used, bytes.Length - Mark.Length);
            }

            ReadOnlySpan<byte> number = bytes[(used + at + Mark.Length)..];
            int end = number.IndexOf((byte)'"');
            if (end < 0)
            {
                return used + at;
            }

            if (end < LongestNumber && System.Buffers.Text.Utf8Parser.TryParse(number[..end], out long id, out _) && due[id] is var dueAt and > 0)
            {
                double slot = TimeProvider.System.GetElapsedTime(dueAt, now).TotalMilliseconds * SlotsPerMs;
                Interlocked.Increment(ref counts[(int)Math.Min(slot, Slots - 1)]);
                Interlocked.Increment(ref received);
            }

            used += at + Mark.Length + end;
        }
    }

    public void Dispose()
    {
        isDisposed = true;
        reader?.Join();
        sockets.ForEach(socket => socket.Dispose());
    }
}
