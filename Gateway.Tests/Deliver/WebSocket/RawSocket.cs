using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>A client that sees and sends the bytes themselves.</summary>
internal sealed class RawSocket : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket socket;
    private Stream stream = null!;
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int end;

    private RawSocket(Socket socket) => this.socket = socket;

    public static async Task<RawSocket> ConnectAsync(SocketHost host, int receiveBufferBytes = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBufferBytes > 0)
        {
            socket.ReceiveBufferSize = receiveBufferBytes;
        }
        await socket.ConnectAsync(IPAddress.Loopback, host.Port);
        var raw = new RawSocket(socket) { stream = new NetworkStream(socket) };
        if (host.IsTls)
        {
            var tls = new SslStream(raw.stream, false, static (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync("localhost");
            raw.stream = tls;
        }
        return raw;
    }

    /// <summary>Connects and asks for the upgrade; the answer is not read.</summary>
    public static async Task<RawSocket> AskAsync(SocketHost host, string query, string headers = "", int receiveBufferBytes = 0)
    {
        var raw = await ConnectAsync(host, receiveBufferBytes);
        await raw.SendAsync(Request(query, headers));
        return raw;
    }

    /// <summary>Connected and upgraded with the admin's key.</summary>
    public static async Task<RawSocket> OpenAsync(SocketHost host, string query = "", int receiveBufferBytes = 0)
    {
        var raw = await AskAsync(host, query, $"X-API-Key: {host.Key}\r\n", receiveBufferBytes);
        var head = await raw.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        return raw;
    }

    public static byte[] Request(string query, string headers) => Encoding.ASCII.GetBytes(
        $"GET /api/v1/ws{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n");

    public async Task SendAsync(byte[] bytes) => await stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);

    public Task SendTextAsync(string text) => SendAsync(ClientFrames.Text(text));

    /// <summary>Everything up to the empty line.</summary>
    public async Task<string> ReadHeadAsync()
    {
        while (true)
        {
            var at = buffer.AsSpan(start, end - start).IndexOf("\r\n\r\n"u8);
            if (at >= 0)
            {
                var head = Encoding.ASCII.GetString(buffer, start, at + 4);
                start += at + 4;
                return head;
            }
            Assert.True(await FillAsync(), "The connection ended inside the head.");
        }
    }

    public async Task<string> ReadBodyAsync(string head)
    {
        var length = int.Parse(head.Split("Content-Length: ")[1].Split('\r')[0]);
        while (end - start < length)
        {
            Assert.True(await FillAsync());
        }
        return Encoding.UTF8.GetString(buffer, start, length);
    }

    /// <summary>The next frame, or null at the end of the stream. A frame cut short by the end fails the test.</summary>
    public Task<(Opcode Opcode, byte[] Payload)?> ReadFrameAsync() => ReadFrameAsync(mayBeCut: false);

    /// <summary>The next frame if it comes wholly.</summary>
    public Task<(Opcode Opcode, byte[] Payload)?> ReadFrameOrEndAsync() => ReadFrameAsync(mayBeCut: true);

    private async Task<(Opcode Opcode, byte[] Payload)?> ReadFrameAsync(bool mayBeCut)
    {
        while (true)
        {
            if (TryTakeFrame(out var frame))
            {
                return frame;
            }
            if (!await FillAsync())
            {
                Assert.True(mayBeCut || start == end, "The connection ended inside a frame.");
                return null;
            }
        }
    }

    public async Task<JsonElement> ReadJsonAsync()
    {
        var frame = await ReadFrameAsync();
        Assert.NotNull(frame);
        Assert.Equal(Opcode.Text, frame.Value.Opcode);
        return JsonDocument.Parse(frame.Value.Payload).RootElement;
    }

    public async Task<JsonElement> ReadActionAsync(string action)
    {
        var json = await ReadJsonAsync();
        Assert.Equal(action, json.GetProperty("action").GetString());
        return json;
    }

    public async Task<string?> ReadErrorAsync() => (await ReadActionAsync("error")).GetProperty("code").GetString();

    /// <summary>Reads past everything up to the close frame and answers its code.</summary>
    public async Task<int> ReadCloseAsync()
    {
        while (await ReadFrameAsync() is { } frame)
        {
            if (frame.Opcode == Opcode.Close)
            {
                return BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
            }
        }
        return 0;
    }

    /// <summary>True when nothing but the end of the stream comes.</summary>
    public async Task<bool> IsEndedAsync() => start == end && !await FillAsync();

    /// <summary>No more from this side; the other direction stays.</summary>
    public void FinishSending() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
    }

    private bool TryTakeFrame(out (Opcode, byte[])? frame)
    {
        frame = null;
        var bytes = buffer.AsSpan(start, end - start);
        if (bytes.Length < 2)
        {
            return false;
        }
        Assert.Equal(0x80, bytes[0] & 0xF0);
        Assert.Equal(0, bytes[1] & 0x80);
        var headerBytes = bytes[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (bytes.Length < headerBytes)
        {
            return false;
        }
        var length = bytes[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
            var small => small,
        };
        if (bytes.Length < headerBytes + length)
        {
            return false;
        }
        frame = ((Opcode)(bytes[0] & 0x0F), bytes.Slice(headerBytes, length).ToArray());
        start += headerBytes + length;
        return true;
    }

    private async Task<bool> FillAsync()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }
        int read;
        try
        {
            read = await stream.ReadAsync(buffer.AsMemory(end)).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            read = 0;
        }
        end += read;
        return read > 0;
    }
}
