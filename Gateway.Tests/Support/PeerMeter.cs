using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>
/// Counts the bytes of one consumer's connections, and tells what came after a moment from what had been sent before it. What had been sent on a
/// connection is what was read of it, what lies in the kernel for this side, and what the kernel of the other side has taken and not delivered: the
/// process that sent can call none of it back, unless it cuts the connection, and then the last part is gone. It can also make its consumer pause.
/// </summary>
internal sealed class PeerMeter
{
    private readonly Lock gate = new();
    private readonly List<Connection> connections = [];
    private volatile TaskCompletionSource reading = Finished();
    private bool isMarked;
    private volatile bool isPastMark;

    /// <summary>Whether the newest bytes that were read were sent after <see cref="Mark"/>.</summary>
    public bool IsPastMark => isPastMark;

    public Stream Attach(Socket socket)
    {
        Connection connection = new(this, socket);
        lock (gate)
        {
            // A connection that is opened after the mark has nothing before it.
            connection.MarkBytes = isMarked ? 0 : long.MaxValue;
            connections.Add(connection);
        }

        return connection;
    }

    /// <summary>Bytes that come are left in the kernel.</summary>
    public void Pause() => reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => reading.TrySetResult();

    /// <summary>From here on a read ends where the bytes end that were sent before this moment. Answers how many are still to be read.</summary>
    public long Mark()
    {
        lock (gate)
        {
            isMarked = true;
            long unread = 0;
            foreach (Connection connection in connections)
            {
                // In this order: what moves from there to here meanwhile is counted twice and never lost.
                long rest = connection.UndeliveredBytes() + connection.AvailableBytes();
                connection.MarkBytes = connection.ReadBytes + rest;
                unread += rest;
            }

            return unread;
        }
    }

    private static TaskCompletionSource Finished()
    {
        TaskCompletionSource finished = new();
        finished.SetResult();
        return finished;
    }

    private sealed class Connection(PeerMeter meter, Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private readonly int localPort = ((IPEndPoint)socket.LocalEndPoint!).Port, remotePort = ((IPEndPoint)socket.RemoteEndPoint!).Port;
        private bool isClosed;

        public long ReadBytes { get; private set; }
        public long MarkBytes { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty)
            {
                return await base.ReadAsync(buffer, cancellationToken);
            }

            // Until there is something, so that the read itself does not wait and can be counted in the same breath.
            try
            {
                await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken);
            }
            catch (SocketException failure)
            {
                // As the stream itself would say it.
                throw new IOException(failure.Message, failure);
            }

            await meter.reading.Task.WaitAsync(cancellationToken);
            return Read(buffer.Span);
        }

        /// <summary>What this side's kernel has received.</summary>
        public long AvailableBytes() => isClosed ? 0 : Socket.Available;

        /// <summary>What the other side's kernel has taken of its process and does not know to be received; 0 when it has no such connection any more.</summary>
        public long UndeliveredBytes()
        {
            string pair = string.Create(CultureInfo.InvariantCulture, $" 0100007F:{remotePort:X4} 0100007F:{localPort:X4} ");
            foreach (string line in File.ReadLines("/proc/net/tcp"))
            {
                int at = line.IndexOf(pair, StringComparison.Ordinal);
                if (at >= 0)
                {
                    // Behind the pair the state in two digits, then tx_queue:rx_queue, eight digits each.
                    return long.Parse(line.AsSpan(at + pair.Length + 3, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                }
            }

            return 0;
        }

        public override int Read(Span<byte> buffer)
        {
            lock (meter.gate)
            {
                long before = MarkBytes - ReadBytes;
                int most = before > 0 ? (int)Math.Min(buffer.Length, before) : buffer.Length;
                int count = base.Read(buffer[..most]);
                ReadBytes += count;
                meter.isPastMark = before <= 0;
                return count;
            }
        }

        protected override void Dispose(bool disposing)
        {
            lock (meter.gate)
            {
                isClosed = true;
            }

            base.Dispose(disposing);
        }
    }
}
