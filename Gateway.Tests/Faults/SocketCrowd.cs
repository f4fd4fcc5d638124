using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Faults;

/// <summary>
/// Many WebSockets that are read and counted but not parsed, except for the number that <see cref="Support.TestUpdate"/> puts into each
/// text, which tells how long the event took from when it was due.
/// </summary>
internal sealed class SocketCrowd : IDisposable
{
    private static ReadOnlySpan<byte> Mark => "\"text\":\"number "u8;

    private readonly List<Socket> sockets = [];
    private readonly ConcurrentDictionary<long, long> due = new();
    private readonly ConcurrentBag<double> milliseconds = [];
    private long expected, received;
    private int lost;

    public int Lost => Volatile.Read(ref lost);

    public static async Task<SocketCrowd> ConnectAsync(int port, string key, int count)
    {
        SocketCrowd crowd = new();
        for (int index = 0; index < count; index++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            crowd.sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /api/v1/ws?all=true HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
            _ = crowd.ReadAsync(socket);
        }

        return crowd;
    }

    public void Forget()
    {
        milliseconds.Clear();
        due.Clear();
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
        long start = TimeProvider.System.GetTimestamp();
        while (Interlocked.Read(ref received) < Interlocked.Read(ref expected))
        {
            if (TimeProvider.System.GetElapsedTime(start) > within)
            {
                throw new TimeoutException($"{received} of {expected} events came");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        double[] sorted = [.. milliseconds.Order()];
        return TimeSpan.FromMilliseconds(sorted[(int)((sorted.Length - 1) * part)]);
    }

    private async Task ReadAsync(Socket socket)
    {
        byte[] buffer = new byte[128 * 1024];
        int filled = 0;
        try
        {
            while (true)
            {
                int count = await socket.ReceiveAsync(buffer.AsMemory(filled));
                if (count == 0)
                {
                    break;
                }

                filled += count;
                int used = Count(buffer.AsSpan(0, filled));
                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            LastError = end.Message;
        }

        Interlocked.Increment(ref lost);
    }

    public string? LastError { get; private set; }

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

            if (end < LongestNumber && System.Buffers.Text.Utf8Parser.TryParse(number[..end], out long id, out _) && due.TryGetValue(id, out long dueAt))
            {
                milliseconds.Add(TimeProvider.System.GetElapsedTime(dueAt, now).TotalMilliseconds);
                Interlocked.Increment(ref received);
            }

            used += at + Mark.Length + end;
        }
    }

    public void Dispose() => sockets.ForEach(socket => socket.Dispose());
}
