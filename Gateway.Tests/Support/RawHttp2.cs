using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>
/// An HTTP/2 client that opens its windows as far as they go, if it is not told otherwise, and reads only when it is told to: what its server cannot send is stopped by the kernel,
/// behind the server's framing, and not by a window before it.
/// </summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    private const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, WindowUpdate = 8;
    private const int HeaderBytes = 9, WidestWindow = int.MaxValue;

    private readonly SslStream stream;
    private readonly byte[] header = new byte[HeaderBytes];
    private Task? next;

    private RawHttp2(SslStream stream) => this.stream = stream;

    /// <summary>Bytes of bodies that have come, by stream.</summary>
    public Dictionary<int, long> BodyBytes { get; } = [];

    public static async Task<RawHttp2> ConnectAsync(int port, int receiveBufferBytes, int windowBytes = WidestWindow)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = receiveBufferBytes };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        SslStream tls = new(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        RawHttp2 client = new(tls);
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        // SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113, 6.5.2), and as much for the connection, which has 65,535 already.
        byte[] setting = [0, 4, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(setting.AsSpan(2), windowBytes);
        await client.WriteAsync(Settings, 0, 0, setting);
        byte[] more = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(more, WidestWindow - 65_535);
        await client.WriteAsync(WindowUpdate, 0, 0, more);
        return client;
    }

    /// <summary>A GET, whole in one frame: names of HPACK's static table, and values that are not compressed (RFC 7541).</summary>
    public async Task GetAsync(int streamId, string path)
    {
        List<byte> block = [0x82, 0x87];
        AddLiteral(block, 4, path);
        AddLiteral(block, 1, "localhost");
        const byte EndStream = 1, EndHeaders = 4;
        await WriteAsync(Headers, EndStream | EndHeaders, streamId, [.. block]);
    }

    public Task ResetAsync(int streamId) => WriteAsync(ResetStream, 0, streamId, [0, 0, 0, 8]);

    /// <summary>Takes whatever comes until nothing has come for so long, or the end. Answers whether the connection ended.</summary>
    public async Task<bool> ReadUntilQuietAsync(TimeSpan quiet)
    {
        byte[] payload = new byte[1 << 24];
        try
        {
            while (true)
            {
                await (next ??= stream.ReadExactlyAsync(header).AsTask()).WaitAsync(quiet);
                next = null;
                int length = (header[0] << 16) | (header[1] << 8) | header[2];
                await stream.ReadExactlyAsync(payload.AsMemory(0, length));
                if (header[3] == Data)
                {
                    int streamId = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5));
                    BodyBytes[streamId] = BodyBytes.GetValueOrDefault(streamId) + length;
                }
            }
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private static void AddLiteral(List<byte> block, byte nameIndex, string value)
    {
        // Without indexing, and names of the first fourteen.
        block.Add(nameIndex);
        block.Add((byte)value.Length);
        block.AddRange(Encoding.ASCII.GetBytes(value));
    }

    private async Task WriteAsync(byte type, byte flags, int streamId, byte[] payload)
    {
        byte[] frame = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        await stream.WriteAsync(frame);
    }
}
