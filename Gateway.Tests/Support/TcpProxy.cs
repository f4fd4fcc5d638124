using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>What the proxy does with a request packet that a MySQL client sends.</summary>
internal enum PacketFate
{
    Forward,

    /// <summary>Forward it, wait until the server has answered, drop the answer and close both sides.</summary>
    ForwardThenCutReply,

    /// <summary>Forward it and close the client's side at once: the client tries again while the server still works on it.</summary>
    ForwardThenCut,

    /// <summary>Forward nothing of it and nothing after it; both sides stay open: a client frozen before the packet.</summary>
    Freeze,

    /// <summary>Forward half of it and nothing more: a client frozen in the middle of the packet.</summary>
    FreezeHalfway,

    /// <summary>Forward it, and nothing more in either direction: a client frozen before it reads the answer.</summary>
    ForwardThenFreeze,

    /// <summary>Forward it, and keep the answer back until <see cref="TcpProxy.ReleaseReplies"/>.</summary>
    ForwardThenHoldReply,
}

/// <summary>
/// A loopback port in front of another: forwards, cuts, goes silent (black hole), delays. With <see cref="OnPacket"/> it
/// follows the MySQL protocol of the client side and asks for every command packet what to do with it.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly int upstreamPort;
    private readonly TcpListener listener;
    private readonly ConcurrentDictionary<ProxyConnection, byte> connections = new();
    private readonly CancellationTokenSource end = new();
    private readonly Task accepting;
    private volatile Hold hold = new();

    public TcpProxy(int upstreamPort)
    {
        this.upstreamPort = upstreamPort;
        listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>
    /// Asked for each command packet (sequence 0) of a MySQL client: its payload, the first byte of which is the command (3 = query).
    /// Called on the connections' own tasks. Set it before clients connect.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, PacketFate>? OnPacket { get; set; }

    /// <summary>Applied to every chunk in each direction.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>While true, new connections are closed at once.</summary>
    public bool Refusing { get; set; }

    /// <summary>While true, nothing is forwarded and every connection, also a new one, stays open in silence.</summary>
    public bool IsBlackHole { get; private set; }

    /// <summary>Ends when the first answer that is to be kept back has come: the server has answered, and nobody has heard it.</summary>
    public Task ReplyHeld => hold.Reached.Task;

    /// <summary>The answers that are kept back go on; later ones may be kept back again.</summary>
    public void ReleaseReplies()
    {
        Hold released = hold;
        hold = new Hold();
        released.Released.TrySetResult();
    }

    public int ConnectionCount => connections.Count;

    /// <summary>A packet whose text, as a query, contains the word: how COMMIT is recognised also in a batch of statements.</summary>
    public static bool IsQueryWith(ReadOnlyMemory<byte> packet, ReadOnlySpan<byte> word) =>
        packet.Length > 1 && packet.Span[0] == 3 && packet.Span.IndexOf(word) >= 0;

    /// <summary>From now on silence. It does not end for the connections that were open; new ones work again after <see cref="EndBlackHole"/>.</summary>
    public void BeginBlackHole()
    {
        IsBlackHole = true;
        foreach (ProxyConnection connection in connections.Keys)
        {
            connection.Freeze();
        }
    }

    public void EndBlackHole() => IsBlackHole = false;

    /// <summary>Closes every open connection on both sides.</summary>
    public void CutAll()
    {
        foreach (ProxyConnection connection in connections.Keys)
        {
            connection.Close();
        }
    }

    /// <summary>A connection has an answer that is to be kept back.</summary>
    public Task HoldReplyAsync()
    {
        Hold current = hold;
        current.Reached.TrySetResult();
        return current.Released.Task;
    }

    public async ValueTask DisposeAsync()
    {
        ReleaseReplies();
        await end.CancelAsync();
        listener.Stop();
        CutAll();
        await accepting;
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!end.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync(end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            if (Refusing)
            {
                client.Close(0);
                continue;
            }

            var connection = new ProxyConnection(this, client, upstreamPort);
            connections.TryAdd(connection, 0);
            if (IsBlackHole)
            {
                connection.Freeze();
            }

            _ = connection.RunAsync().ContinueWith(_ => connections.TryRemove(connection, out byte _), TaskScheduler.Default);
        }
    }

    private sealed class Hold
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
