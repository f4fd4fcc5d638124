using System.Text;
using Gateway.Access;
using Gateway.Deliver.WebSocket;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>What a socket asks of its principal beside the grants: the permission to read events, and whether the rest of a send may still leave.</summary>
public sealed class SocketPermissionTests
{
    [Fact]
    public async Task Upgrade_WithoutThePermission_Is403WithWhatItNeeds()
    {
        await using var host = await SocketHost.StartAsync();
        using var socket = await RawSocket.AskAsync(host, "?all=true", $"X-API-Key: {host.KeyWithoutEvents}\r\n");

        var head = await socket.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 403 ", head, StringComparison.Ordinal);
        var body = await socket.ReadBodyAsync(head);
        Assert.Contains("\"FORBIDDEN\"", body, StringComparison.Ordinal);
        Assert.Contains("\"needs\":\"events:read\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upgrade_OfABrowserWithoutThePermission_IsAcceptedAndClosedWith4003()
    {
        await using var host = await SocketHost.StartAsync();
        using var socket = await RawSocket.AskAsync(host, $"?all=true&token={host.KeyWithoutEvents}", "Origin: http://localhost\r\n");

        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(4003, await socket.ReadCloseAsync());
    }

    /// <summary>Regression: every other route's refusals stood in the audit log, a socket's did not; nor a browser's, whose upgrade is accepted.</summary>
    [Fact]
    public async Task Upgrade_Refused_IsADenialInTheAuditLog()
    {
        await using var host = await SocketHost.StartAsync();
        foreach (var (query, headers) in new[] { ("", "X-API-Key: tgw_1_wrong\r\n"), ("?token=tgw_1_wrong", "Origin: http://localhost\r\n"), ("", $"X-API-Key: {host.KeyWithoutEvents}\r\n") })
        {
            using var socket = await RawSocket.AskAsync(host, query, headers);
            await socket.ReadHeadAsync();
        }

        // One that names no credential may still send one.
        using var stranger = await RawSocket.AskAsync(host, "", "");
        await stranger.ReadHeadAsync();

        await stranger.SendTextAsync("""{"action":"auth","token":"tgw_1_wrong"}""");
        Assert.Equal(4001, await stranger.ReadCloseAsync());

        Assert.Equal(["0 0 127.0.0.1 auth.credential route websocket 3", "1 3 127.0.0.1 websocket permission events:read 1"], await host.DenialsAsync());
    }

    /// <summary>Regression: a socket that authenticated by message was told 4003, "do not come again as you are", while nobody could know.</summary>
    [Fact]
    public async Task Auth_WithoutThePermission_WhilePermissionsCannotBeRead_ClosesWith4103()
    {
        await using var host = await SocketHost.StartAsync(readFresh: () => Task.FromResult(false));
        using var stranger = await RawSocket.AskAsync(host, "", "");
        await stranger.ReadHeadAsync();
        await stranger.SendTextAsync($$"""{"action":"auth","token":"{{host.KeyWithoutEvents}}"}""");

        Assert.Equal(4103, await stranger.ReadCloseAsync());
        Assert.Empty(await host.DenialsAsync());
    }

    [Fact]
    public async Task Auth_WithoutThePermission_ClosesWith4003_AndARenewalLeavesTheOneBefore()
    {
        await using var host = await SocketHost.StartAsync();
        using var stranger = await RawSocket.AskAsync(host, "", "");
        await stranger.ReadHeadAsync();
        await stranger.SendTextAsync($$"""{"action":"auth","token":"{{host.KeyWithoutEvents}}"}""");
        Assert.Equal(4003, await stranger.ReadCloseAsync());

        using var known = await RawSocket.OpenAsync(host, "?all=true");
        await known.ReadActionAsync("subscribed");
        await known.ReadActionAsync("caught_up");
        await known.SendTextAsync($$"""{"action":"auth","token":"{{host.KeyWithoutEvents}}"}""");
        Assert.Equal("FORBIDDEN", await known.ReadErrorAsync());
        await host.OfferAsync(1);
        Assert.Equal(1, await SeqAsync(known));
    }

    /// <summary>Regression: the rest of a send left as soon as the peer read again, whatever had been taken away meanwhile.</summary>
    [Theory]
    [InlineData("grants")]
    [InlineData("key")]
    [InlineData("permission")]
    public async Task Rest_OfWhatIsNoLongerAllowed_DoesNotLeave(string taken)
    {
        await using var host = await SocketHost.StartAsync();
        var principal = await host.PrincipalAsync(host.Key);
        using var slow = await StalledAsync(host);
        // Nobody tells the hub.
        if (taken == "grants") principal.Grants = Grants.None;
        else if (taken == "key") principal.IsRevoked = true;
        else principal.Permissions = Permission.ChatsRead;

        Assert.Null(await slow.ReadFrameOrEndAsync());
    }

    /// <summary>While nothing is known the rest waits, with the socket open, and then it all comes.</summary>
    [Fact]
    public async Task Rest_WhilePermissionsAreNotKnown_WaitsAndThenLeaves()
    {
        var time = new FakeTimeProvider();
        await using var host = await SocketHost.StartAsync(hubTime: time);
        using var slow = await StalledAsync(host);
        host.IsCurrent = false;
        var reading = slow.ReadFrameOrEndAsync();
        for (var ticks = 0; ticks < 2 * Limits.Deliver.Lagging / Limits.Deliver.Tick; ticks++)
        {
            time.Advance(Limits.Deliver.Tick);
            await Task.Yield();
        }

        Assert.False(reading.IsCompleted);
        host.IsCurrent = true;
        await Poll.UntilAsync(
            () =>
            {
                time.Advance(Limits.Deliver.Tick);
                return reading.IsCompleted;
            },
            RawSocket.Patience,
            () => "the rest did not come");
        Assert.NotNull(await reading);
    }

    /// <summary>A socket whose peer reads nothing of an event that no kernel holds wholly.</summary>
    private static async Task<RawSocket> StalledAsync(SocketHost host)
    {
        const int TextLength = 16_000_000;
        var slow = await RawSocket.OpenAsync(host, "?all=true", receiveBufferBytes: 4096);
        await slow.ReadActionAsync("subscribed");
        await slow.ReadActionAsync("caught_up");
        await host.OfferAsync(1, TextLength);
        // Two behind it in the line of each of the two shards: the event has been sent as far as it goes.
        for (var turn = 0; turn < 4; turn++)
        {
            using var witness = await RawSocket.OpenAsync(host);
            await witness.SendTextAsync("""{"action":"ping"}""");
            await witness.ReadActionAsync("pong");
        }

        return slow;
    }

    private static async Task<long> SeqAsync(RawSocket socket)
    {
        var frame = await socket.ReadFrameAsync();
        return System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(frame!.Value.Payload)).RootElement.GetProperty("seq").GetInt64();
    }
}
