using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Tests.Support;
using Xunit;
using SampleUpdates = Gateway.Tests.Support.SampleUpdates;

namespace Gateway.Tests.Deliver;

public sealed class EventStreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Reads blocks as an EventSource does.</summary>
    private sealed class Reader(HttpResponseMessage response, StreamReader text) : IDisposable
    {
        public string LastId { get; private set; } = "";
        public int Comments { get; private set; }
        public HttpResponseMessage Response => response;

        public static async Task<Reader> OpenAsync(StreamServer server, string query, string? lastEventId = null)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events/stream" + query);
            if (lastEventId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastEventId);
            }

            var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return new Reader(response, new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8));
        }

        /// <summary>The next block with data; null at the end of the body.</summary>
        public async Task<(string Name, JsonElement Data)?> NextAsync()
        {
            var (name, data) = ("message", new List<string>());
            while (await text.ReadLineAsync().WaitAsync(Patience) is { } line)
            {
                if (line.Length == 0)
                {
                    if (data.Count > 0)
                    {
                        return (name, JsonDocument.Parse(string.Join('\n', data), new JsonDocumentOptions { MaxDepth = 500 }).RootElement);
                    }

                    continue;
                }

                if (line.StartsWith("id: ", StringComparison.Ordinal)) LastId = line[4..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data.Add(line[6..]);
                else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
                else if (line[0] == ':') Comments++;
                else Assert.Fail("no field of an event stream: " + line);
            }

            return null;
        }

        public async Task<long[]> SeqsAsync(int count)
        {
            var seqs = new long[count];
            for (var i = 0; i < count; i++)
            {
                seqs[i] = TestOutlet.Seq((await NextAsync())!.Value.Data);
            }

            return seqs;
        }

        public void Dispose() => response.Dispose();
    }

    [Fact]
    public async Task Stream_ReplaysThenGoesLive_AndResumesByLastEventId()
    {
        await using var server = await StreamServer.StartAsync(history: 20);
        string lastId;
        using (var first = await Reader.OpenAsync(server, "?all=true&after=5"))
        {
            Assert.Equal("text/event-stream", first.Response.Content.Headers.ContentType!.MediaType);
            Assert.Equal(Enumerable.Range(6, 15).Select(seq => (long)seq), await first.SeqsAsync(15));
            await server.Hub.PublishAsync(2);
            Assert.Equal(new long[] { 21, 22 }, await first.SeqsAsync(2));
            lastId = first.LastId;
        }

        await server.Hub.PublishAsync(3);
        using var second = await Reader.OpenAsync(server, "?all=true&after=5", lastId);

        Assert.Equal(server.Hub.Hub.Position!.Value.LogId + "-22", lastId);
        Assert.Equal(new long[] { 23, 24, 25 }, await second.SeqsAsync(3));
    }

    [Fact]
    public async Task Stream_AllSamplesWithTheUpdate_ComeBackByteForByte()
    {
        await using var server = await StreamServer.StartAsync();
        var samples = SampleUpdates.All;
        await server.Hub.PublishAsync(await server.Hub.CommitItemsAsync([.. samples.Select((sample, i) => Unique(sample.Body, i))]));
        using var stream = await Reader.OpenAsync(server, "?all=true&after=0&include=update");
        foreach (var sample in samples)
        {
            var data = (await stream.NextAsync())!.Value.Data;
            var bytes = data.TryGetProperty("update", out var update)
                ? Encoding.UTF8.GetBytes(update.GetRawText())
                : data.GetProperty("update_base64").GetBytesFromBase64();
            Assert.Equal(Encoding.UTF8.GetString(sample.Body).Trim(), Encoding.UTF8.GetString(bytes).Trim());
        }
    }

    [Fact]
    public async Task Stream_Quiet_GetsHeartbeatsAndBarePositions()
    {
        await using var server = await StreamServer.StartAsync(history: 2);
        using var stream = await Reader.OpenAsync(server, "?all=true&types=poll");
        await server.Hub.PublishAsync(4);
        for (var passed = TimeSpan.Zero; passed < Limits.Deliver.PositionInterval * 2; passed += Limits.Deliver.Tick)
        {
            server.Hub.Time.Advance(Limits.Deliver.Tick);
            await server.Hub.SettleAsync();
        }

        // Something with data, so that the reader comes back.
        await server.Hub.PublishAsync(await server.Hub.CommitItemsAsync(
            Gateway.Tests.Log.SampleUpdates.Json(1, """{"update_id":9001,"poll":{"id":"1"}}""")));
        var logId = server.Hub.Hub.Position!.Value.LogId;
        Assert.Equal("poll", (await stream.NextAsync())!.Value.Data.GetProperty("type").GetString());
        Assert.InRange(stream.Comments, 1, 3);
        Assert.Equal(logId + "-7", stream.LastId);
    }

    [Fact]
    public async Task Stream_KeyRevoked_EndsWithTheCode()
    {
        await using var server = await StreamServer.StartAsync();
        using var stream = await Reader.OpenAsync(server, "?all=true");
        await server.Keys.RevokeAsync(Actor.Gateway, giver: null, server.Key.Id, default);
        await server.Watcher.PollAsync(default);
        var (name, data) = (await stream.NextAsync())!.Value;

        Assert.Equal("close", name);
        Assert.Equal(4001, data.GetProperty("code").GetInt32());
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task Stream_OfAnotherLog_StartsWithAGap()
    {
        await using var server = await StreamServer.StartAsync(history: 3);
        using var stream = await Reader.OpenAsync(server, "?all=true", "whoknows-2");
        var (name, data) = (await stream.NextAsync())!.Value;

        Assert.Equal("gap", name);
        Assert.Equal("log_reset", data.GetProperty("reason").GetString());
        Assert.Equal(new long[] { 1, 2, 3 }, await stream.SeqsAsync(3));
    }

    [Fact]
    public async Task Stream_GroupMigrates_IsToldTheGapBeforeTheLink()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        var old = await server.Hub.ChatIdAsync(Gateway.Tests.Log.SampleUpdates.GroupId);
        using var stream = await Reader.OpenAsync(server, $"?chat_id={old}&after=0");
        Assert.Equal(new long[] { 1 }, await stream.SeqsAsync(1));
        await server.Hub.SettleAsync();
        await server.Hub.PublishAsync(2, chat: -100777);
        var next = await server.Hub.ChatIdAsync(-100777);
        var link = await server.Hub.PublishGatewayEventAsync(
            GatewayEventKinds.ChatMigrated, next, Encoding.UTF8.GetString(new MigrationPayload(old, next, 2).Encode()));
        var (name, data) = (await stream.NextAsync())!.Value;

        Assert.Equal("gap", name);
        Assert.Equal("migration", data.GetProperty("reason").GetString());
        Assert.Equal(1, data.GetProperty("requested").GetInt64());
        Assert.Equal(link.Seq, data.GetProperty("earliest").GetInt64());
        Assert.Equal(new[] { link.Seq }, await stream.SeqsAsync(1));
    }

    /// <summary>A client that has asked for the stream and takes only what it is made to.</summary>
    private static async Task<TcpClient> AskAsync(StreamServer server)
    {
        var socket = new TcpClient { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /api/v1/events/stream?all=true HTTP/1.1\r\nHost: x\r\nX-API-Key: {server.Key.Text}\r\n\r\n"));
        return socket;
    }

    [Fact]
    public async Task Stream_ClientStopsReading_DelaysNobodyAndGetsAllLater()
    {
        await using var server = await StreamServer.StartAsync();
        using var socket = await AskAsync(server);
        var stream = socket.GetStream();
        using var other = await Reader.OpenAsync(server, "?all=true");
        while (server.Hub.Hub.ConnectionCount < 2)
        {
            await Task.Yield();
        }

        await server.Hub.SettleAsync();
        const int Events = 4000;
        for (var i = 0; i < Events / 500; i++)
        {
            await server.Hub.PublishAsync(500, text: new string('x', 2000));
        }

        Assert.Equal(Enumerable.Range(1, Events).Select(seq => (long)seq), await other.SeqsAsync(Events));
        using var text = new StreamReader(stream, Encoding.UTF8);
        var next = 1;
        while (next <= Events)
        {
            var line = (await text.ReadLineAsync().WaitAsync(Patience))!;
            if (line.StartsWith("data: {\"seq\":", StringComparison.Ordinal))
            {
                Assert.StartsWith($"data: {{\"seq\":{next},", line, StringComparison.Ordinal);
                next++;
            }
        }
    }

    [Fact]
    public async Task Stream_ClosedWhileTheClientReadsNothing_EndsWithTheCodeBehindTheRest()
    {
        await using var server = await StreamServer.StartAsync();
        using var socket = await AskAsync(server);
        var stream = socket.GetStream();
        while (server.Hub.Hub.ConnectionCount < 1)
        {
            await Task.Yield();
        }

        await server.Hub.SettleAsync();
        for (var i = 0; i < 16; i++)
        {
            await server.Hub.PublishAsync(250, text: new string('x', 2000));
        }

        await server.Hub.SettleAsync();
        var stopping = server.Hub.Hub.StopAsync(default);

        // To the close, which finds the stream stalled, and over the time it waits for it (and a look at the clock each second); that is
        // less than the outlet's own wait later, however early in the jitter the close came.
        var until = Limits.Deliver.DrainJitter + Limits.Deliver.CloseWait + TimeSpan.FromSeconds(1.5);
        for (var passed = TimeSpan.Zero; passed < until; passed += Limits.Deliver.Tick)
        {
            server.Hub.Time.Advance(Limits.Deliver.Tick);
            await server.Hub.SettleDrainingAsync();
        }

        await stopping.WaitAsync(Patience);
        using var text = new StreamReader(stream, Encoding.UTF8);
        string? line, last = null;
        while ((line = await text.ReadLineAsync().WaitAsync(Patience)) is not null && last is null)
        {
            last = line.StartsWith("data: {\"code\"", StringComparison.Ordinal) ? line : null;
        }

        Assert.Equal("data: {\"code\":4101}", last);
    }

    /// <summary>The samples come from many places and repeat update ids; the log would take a second one for a retry.</summary>
    private static Gateway.Log.CommitItem Unique(byte[] body, int index) => new()
    {
        Update = new IncomingUpdate(1, body, UpdateParser.Parse(body)),
        DedupKey = "u:sample" + index.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
