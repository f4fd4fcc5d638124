using System.Text.Json;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class PullLimitTests
{
    [Fact]
    public async Task Page_WithoutOrWithTheHighestLimit_HasThatManyEvents()
    {
        await using var server = await StreamServer.StartAsync(history: Limits.Deliver.PullEvents + 1);
        Assert.Equal(Limits.Deliver.PullDefaultEvents, (await GetAsync(server, "?all=true&after=0")).GetProperty("events").GetArrayLength());
        var full = await GetAsync(server, $"?all=true&after=0&limit={Limits.Deliver.PullEvents}");
        Assert.Equal(Limits.Deliver.PullEvents, full.GetProperty("events").GetArrayLength());
        Assert.Equal(Limits.Deliver.PullEvents, full.GetProperty("next_after").GetInt64());
    }

    [Fact]
    public async Task Page_OverItsBytes_EndsAfterTheEventThatReachesThem()
    {
        await using var server = await StreamServer.StartAsync();
        const int textBytes = Limits.Deliver.PullBytes / 8;
        for (var i = 0; i < 12; i++) await server.Hub.PublishAsync(text: new string('x', textBytes));

        var page = await GetAsync(server, "?all=true&after=0&limit=500");
        var rest = await GetAsync(server, $"?all=true&limit=500&after={page.GetProperty("next_after").GetInt64()}");

        Assert.Equal(8, page.GetProperty("events").GetArrayLength());
        Assert.Equal(4, rest.GetProperty("events").GetArrayLength());
        Assert.Equal(12, rest.GetProperty("next_after").GetInt64());
    }

    /// <summary>The server cuts a client that takes an answer slower than this; that it does is Kestrel's, that it is told is ours.</summary>
    [Fact]
    public async Task Rate_OfTheClient_IsGivenToTheServer()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        await GetAsync(server, "?all=true&after=0");
        Assert.Equal((Limits.Deliver.PullRateBytesPerSecond, Limits.Deliver.CloseWait), await server.LastRate.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Patience_PermissionsUnknownForLonger_Is503WithRetryAfter()
    {
        await using var server = await StreamServer.StartAsync(history: 1);
        server.Hub.IsCurrent = false;
        var waiting = server.Client.GetAsync("/api/v1/events?all=true&after=0");
        while (!waiting.IsCompleted)
        {
            server.Hub.Time.Advance(Limits.Deliver.PullPatience);
            await Task.Yield();
        }

        using var refused = await waiting;
        Assert.Equal((503, Limits.Deliver.RetryAfter), ((int)refused.StatusCode, refused.Headers.RetryAfter!.Delta));
    }

    private static async Task<JsonElement> GetAsync(StreamServer server, string query) =>
        JsonDocument.Parse(await server.Client.GetStringAsync("/api/v1/events" + query)).RootElement;
}
