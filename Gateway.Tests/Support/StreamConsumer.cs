using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>
/// A consumer that follows the documented resume rule: it keeps the position of the last thing it received, and after every
/// disconnect comes back with it, until it is disposed.
/// </summary>
internal abstract class StreamConsumer : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource end = new();
    private Task loop = Task.CompletedTask;

    protected StreamConsumer(string name, string address, string key, string selector)
    {
        Journal = new Journal(name);
        Address = address;
        Key = key;
        Selector = selector;
    }

    public Journal Journal { get; }
    protected string Address { get; }
    protected string Key { get; }

    /// <summary>The kernel's buffer of this client; zero leaves it to the kernel, which takes megabytes before a sender notices anything.</summary>
    public int ReceiveBufferBytes { get; init; }

    /// <summary>Null: nobody counts its bytes.</summary>
    public PeerMeter? Meter { get; init; }

    /// <summary>How the credential is sent: an access token, which has dots, goes where tokens go.</summary>
    protected (string Name, string Value) Credential => Key.Contains('.') ? ("Authorization", "Bearer " + Key) : ("X-API-Key", Key);

    /// <summary>Query parameters that select the events, <c>all=true</c> for instance.</summary>
    protected string Selector { get; }

    /// <summary>One of each transport, all of the same events.</summary>
    public static StreamConsumer[] OfEveryTransport(string address, string key, string selector = "all=true") =>
        [new WebSocketConsumer(address, key, selector), new SseConsumer(address, key, selector), new PullConsumer(address, key, selector)];

    /// <summary>One of each transport, with a small buffer in the kernel, and their bytes counted.</summary>
    public static StreamConsumer[] MeteredOfEveryTransport(string address, string key, int receiveBufferBytes) =>
        [
            new WebSocketConsumer(address, key, "all=true") { ReceiveBufferBytes = receiveBufferBytes, Meter = new PeerMeter() },
            new SseConsumer(address, key, "all=true") { ReceiveBufferBytes = receiveBufferBytes, Meter = new PeerMeter() },
            new PullConsumer(address, key, "all=true") { ReceiveBufferBytes = receiveBufferBytes, Meter = new PeerMeter() },
        ];

    public void Start() => loop = RunAsync(end.Token);

    /// <summary>One connection, from its request to its end.</summary>
    protected abstract Task ConnectAsync(CancellationToken cancellation);

    /// <summary>The start as query parameters: the position, or the beginning of the log.</summary>
    protected string StartQuery => Journal.Position is { } position ? $"after={position.Seq}&log_id={position.LogId}" : "from=earliest";

    protected void Record(string logId, ReadOnlySpan<byte> json)
    {
        ReceivedEvent received = Read(logId, json);
        Journal.Record(received);
    }

    // Follows the update on a WebSocket while the subscription of the URL catches up.
    private static ReadOnlySpan<byte> ReplayMark => ",\"replay\":\"default\"}"u8;

    /// <summary>Takes an event apart; <c>update</c> is the event's last field, and its bytes are all up to the end of the event.</summary>
    public static ReceivedEvent Read(string logId, ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        long seq = 0;
        string type = "";
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
            {
                continue;
            }

            if (reader.ValueTextEquals("update"u8))
            {
                int end = json.EndsWith(ReplayMark) ? json.Length - ReplayMark.Length : json.Length - 1;
                byte[] update = json[(int)reader.BytesConsumed..end].ToArray();
                return new ReceivedEvent(logId, seq, type, UpdateId(update), update);
            }

            if (reader.ValueTextEquals("update_base64"u8))
            {
                // What is no JSON, or what the transport's lines could not carry (a carriage return over SSE).
                reader.Read();
                byte[] decoded = reader.GetBytesFromBase64();
                return new ReceivedEvent(logId, seq, type, UpdateId(decoded), decoded);
            }

            if (reader.ValueTextEquals("seq"u8))
            {
                reader.Read();
                seq = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = reader.GetString()!;
            }
        }

        return new ReceivedEvent(logId, seq, type, null, []);
    }

    public static long? UpdateId(ReadOnlySpan<byte> update)
    {
        try
        {
            Utf8JsonReader reader = new(update);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("update_id"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long id) ? id : null;
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return null;
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await ConnectAsync(cancellation);
            }
            catch (Exception failure) when (failure is IOException or HttpRequestException or System.Net.WebSockets.WebSocketException or OperationCanceledException)
            {
                // The gateway was killed, or the test ends: both are what this consumer is for.
                Journal.Disconnected(failure.Message);
            }
            catch (Exception failure)
            {
                Journal.Violate($"{failure.GetType().Name}: {failure.Message}");
                return;
            }

            await Task.Delay(ReconnectAfter, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>For one connection; whoever is given it disposes it.</summary>
    protected SocketsHttpHandler CreateHandler() => new() { ConnectCallback = OpenAsync };

    private async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (ReceiveBufferBytes > 0)
        {
            socket.ReceiveBufferSize = ReceiveBufferBytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
        return Meter?.Attach(socket) ?? new NetworkStream(socket, ownsSocket: true);
    }

    protected static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    public async ValueTask DisposeAsync()
    {
        Meter?.Resume();
        await end.CancelAsync();
        await loop;
        end.Dispose();
    }
}
