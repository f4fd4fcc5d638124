using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit.Abstractions;

namespace Gateway.Tests.Faults;

/// <summary>Hundreds of connections that send a byte now and then, in their headers or in a body for the control API.</summary>
public sealed class SlowlorisTests(ITestOutputHelper output)
{
    private const int OfEach = 150;
    private static readonly TimeSpan Drip = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(60);

    /// <summary>An answer of a gateway that is not held up takes milliseconds; one behind a stalled connection would take its whole bound.</summary>
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(3);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task SlowHeadersAndBodies_AreCutWhileOthersAreAnsweredPromptly()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();
        string key = await gateway.CreateAdminKeyAsync();
        string headers = "GET /api/v1/bots HTTP/1.1\r\nHost: g\r\nX-Slow: ";
        string body = $"POST /api/v1/bots HTTP/1.1\r\nHost: g\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{";
        using HttpClient client = new() { BaseAddress = new Uri(gateway.Address), Timeout = Patience };
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        long start = TimeProvider.System.GetTimestamp();
        Task<string>[] stalled = [.. Enumerable.Range(0, OfEach * 2).Select(i => Task.Run(() => DripAsync(gateway.Port, i < OfEach ? headers : body)))];

        TimeSpan worst = TimeSpan.Zero;
        while (!stalled.All(each => each.IsCompleted))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"{stalled.Count(each => !each.IsCompleted)} are still connected");
            long asked = TimeProvider.System.GetTimestamp();
            using HttpResponseMessage answer = await client.GetAsync("/api/v1/bots");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            TimeSpan took = TimeProvider.System.GetElapsedTime(asked);
            worst = took > worst ? took : worst;
            await Task.WhenAny(Task.WhenAll(stalled), Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
        }

        output.WriteLine($"all cut after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s; the worst answer to another took {worst.TotalMilliseconds:0} ms");
        Assert.True(worst < Prompt, $"another was answered after {worst}");
        foreach (Task<string> each in stalled)
        {
            // The reset of a connection whose sender goes on sending may overtake the answer.
            Assert.Matches("^(HTTP/1.1 408 |$)", await each);
        }

        Assert.True(TimeProvider.System.GetElapsedTime(start) < Limits.Http.HeadersWait + TimeSpan.FromSeconds(15), "they were cut, but late");
    }

    /// <returns>What came back until the connection ended.</returns>
    private static async Task<string> DripAsync(int port, string beginning)
    {
        using TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning));
        byte[] answer = new byte[4096];
        Task<int> read = stream.ReadAsync(answer).AsTask();
        try
        {
            while (await Task.WhenAny(read, Task.Delay(Drip, TimeProvider.System)) != read)
            {
                await stream.WriteAsync("a"u8.ToArray());
            }

            return Encoding.ASCII.GetString(answer, 0, await read);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
