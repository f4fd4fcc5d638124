using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Gateway.Http;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gateway.Tests.Http;

/// <summary>What stands between the server and the socket: nothing leaves behind the back of those who must be asked.</summary>
public sealed class ConnectionOutputTests
{
    private const int ChunkBytes = 64 * 1024, ReceiveBufferBytes = 4096, MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Long against a loopback's round trip; one that is too short on a busy machine makes a test show less and not fail.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Flush_PeerWithRoom_IsDoneWithinTheCall()
    {
        TaskCompletionSource<bool> isDone = new();
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            await context.Response.StartAsync();
            Fill(context.Response.BodyWriter, 0, 10_000);
            ValueTask<FlushResult> flush = context.Response.BodyWriter.FlushAsync();
            isDone.SetResult(flush.IsCompleted);
            await flush;
        });

        byte[] body = await server.Client.GetByteArrayAsync("/");

        Assert.Equal(10_000, body.Length);
        Assert.True(await isDone.Task);
    }

    /// <summary>Also over HTTP/2, where the bytes wait for the peer's window, and over TLS.</summary>
    [Theory]
    [InlineData(false, "1.1", true)]
    [InlineData(false, "1.1", false)]
    [InlineData(true, "1.1", true)]
    [InlineData(true, "1.1", false)]
    [InlineData(true, "2.0", true)]
    [InlineData(true, "2.0", false)]
    public async Task Rest_OfAStalledPeer_LeavesOnlyIfItStillMay(bool isTls, string version, bool mayAtLast)
    {
        Guard guard = new();
        TaskCompletionSource<long> stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LoopbackServer server = await LoopbackServer.StartAsync(context => WriteUntilStalledAsync(context, guard, stalled), isTls);
        using HttpClient client = SlowClient(server, isTls, version);
        using HttpResponseMessage response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(version, response.Version.ToString());
        Stream body = await response.Content.ReadAsStreamAsync();
        long written = await stalled.Task.WaitAsync(Patience);

        SlowReader reader = new(body);
        await reader.ReadUntilAsync(guard.HeldAgain);
        await reader.ReadUntilQuietAsync();
        Assert.InRange(reader.Bytes, 1, written - 1);
        guard.Status = mayAtLast ? RestStatus.Send : RestStatus.Cut;
        await reader.ReadToEndAsync();

        Assert.Equal(mayAtLast, reader.Bytes == written);
        Assert.Equal(!mayAtLast, reader.IsCut);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rest_OfManySegments_ArrivesWholeAndInOrder(bool isGuarded)
    {
        const int Segments = 5_000, SegmentBytes = 3_777;
        TaskCompletionSource<bool> flushing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            if (isGuarded)
            {
                OutputGate.Of(context)!.Add(() => RestStatus.Send);
            }

            await context.Response.StartAsync();
            PipeWriter body = context.Response.BodyWriter;
            for (int segment = 0; segment < Segments; segment++)
            {
                Fill(body, segment * SegmentBytes, SegmentBytes);
            }

            ValueTask<FlushResult> flush = body.FlushAsync();
            flushing.SetResult(flush.IsCompleted);
            await flush;
        });
        using HttpClient client = SlowClient(server, isTls: false, "1.1");
        using HttpResponseMessage response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        Assert.False(await flushing.Task.WaitAsync(Patience), "19 MB went at once: the kernel holds more than this test knows of");

        byte[] all = await response.Content.ReadAsByteArrayAsync().WaitAsync(Patience);

        Assert.Equal(Segments * SegmentBytes, all.Length);
        for (int index = 0; index < all.Length; index++)
        {
            if (all[index] != At(index))
            {
                Assert.Fail($"byte {index} is {all[index]}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Peer_GoneWhileTheRestWaits_EndsTheFlush(bool isHeld)
    {
        Guard guard = new();
        TaskCompletionSource<long> stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            await WriteUntilStalledAsync(context, guard, stalled);
            ended.SetResult();
        });
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBufferBytes, LingerState = new LingerOption(true, 0) };
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await stalled.Task.WaitAsync(Patience);
        if (isHeld)
        {
            // It takes what the kernel had, so that the rest is asked about.
            await new SlowReader(new NetworkStream(socket)).ReadUntilAsync(guard.HeldAgain);
        }

        socket.Close();

        await ended.Task.WaitAsync(Patience);
    }

    /// <summary>Chunks until one is not taken; then the guard holds what is left of it.</summary>
    private static async Task WriteUntilStalledAsync(HttpContext context, Guard guard, TaskCompletionSource<long> stalled)
    {
        OutputGate.Of(context)!.Add(guard.Ask);
        await context.Response.StartAsync();
        PipeWriter body = context.Response.BodyWriter;
        for (long written = 0; written < MostBytes; written += ChunkBytes)
        {
            Fill(body, 0, ChunkBytes);
            Task<FlushResult> flush = body.FlushAsync().AsTask();
            try
            {
                await flush.WaitAsync(Quiet);
            }
            catch (TimeoutException)
            {
                guard.Status = RestStatus.Hold;
                stalled.SetResult(written + ChunkBytes);
                await Task.WhenAny(flush);
                return;
            }
        }

        stalled.SetException(new InvalidOperationException("the server takes whatever it is given"));
    }

    private static void Fill(PipeWriter body, int from, int count)
    {
        Span<byte> span = body.GetSpan(count);
        for (int index = 0; index < count; index++)
        {
            span[index] = At(from + index);
        }

        body.Advance(count);
    }

    private static byte At(int index) => (byte)(index * 31 + (index >> 8));

    private static HttpClient SlowClient(LoopbackServer server, bool isTls, string version)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (context, cancellation) =>
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = ReceiveBufferBytes };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        return new HttpClient(handler)
        {
            BaseAddress = new Uri($"{(isTls ? "https" : "http")}://localhost:{server.Address.Port}/"),
            DefaultRequestVersion = Version.Parse(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Patience,
        };
    }

    /// <summary>What a stream would answer; it says "go" until the test says otherwise.</summary>
    private sealed class Guard
    {
        private readonly TaskCompletionSource heldAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile RestStatus status = RestStatus.Send;

        public RestStatus Status { set => status = value; }

        /// <summary>Somebody wanted to send since, and was told to wait.</summary>
        public Task HeldAgain => heldAgain.Task;

        public RestStatus Ask()
        {
            if (status == RestStatus.Hold)
            {
                heldAgain.TrySetResult();
            }

            return status;
        }
    }

    private sealed class SlowReader(Stream body)
    {
        private readonly byte[] buffer = new byte[ChunkBytes];
        private Task<int>? pending;

        public long Bytes { get; private set; }

        public bool IsCut { get; private set; }

        public async Task ReadUntilAsync(Task signal)
        {
            while (await Task.WhenAny(Next, signal).WaitAsync(Patience) != signal)
            {
                await TakeAsync();
            }
        }

        public async Task ReadUntilQuietAsync()
        {
            try
            {
                while (true)
                {
                    await Next.WaitAsync(Quiet);
                    await TakeAsync();
                }
            }
            catch (TimeoutException)
            {
                Assert.False(IsCut);
            }
        }

        public async Task ReadToEndAsync()
        {
            try
            {
                int last;
                do
                {
                    last = await Next.WaitAsync(Patience);
                    await TakeAsync();
                }
                while (last > 0);
            }
            catch (Exception failure) when (failure is IOException or HttpRequestException)
            {
                IsCut = true;
            }
        }

        private Task<int> Next => pending ??= body.ReadAsync(buffer).AsTask();

        private async Task TakeAsync()
        {
            Bytes += await Next;
            pending = null;
        }
    }
}
