using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Faults;

/// <summary>
/// A client with two subscriptions on one socket: <c>live</c>, one chat from now on, and <c>past</c>, everything from the beginning.
/// It keeps a position per subscription by the resume rule of docs/streams.md, to the letter: an event with <c>replay</c> moves the
/// subscription it names, a bare one every subscription that is caught up, whether it matches or not.
/// </summary>
internal sealed class TwoSubscriptions(string address, string key, long liveChat)
{
    private sealed class Subscription(Func<JsonElement, bool> matches)
    {
        public Func<JsonElement, bool> Matches { get; } = matches;
        public List<long> Seqs { get; } = [];
        public long? Position { get; private set; }
        public bool IsSubscribed { get; set; }
        public bool IsCaughtUp { get; set; }

        public void MoveTo(long seq) => Position = Math.Max(Position ?? 0, seq);
    }

    private readonly Dictionary<string, Subscription> subscriptions = new()
    {
        ["live"] = new Subscription(one => one.GetProperty("chat_id").GetInt64() == liveChat),
        ["past"] = new Subscription(_ => true),
    };

    private readonly byte[] buffer = new byte[1024 * 1024];
    private string logId = "";

    public List<string> Violations { get; } = [];
    private readonly List<long> wanted = [];
    private long? liveStart;

    /// <summary>What <see cref="Live"/> must have: the live chat's events in <see cref="Past"/> since the first <c>subscribed</c>, which is that of "live".</summary>
    public IReadOnlyList<long> WantedLive => wanted;

    public IReadOnlyList<long> Live => subscriptions["live"].Seqs;
    public IReadOnlyList<long> Past => subscriptions["past"].Seqs;

    /// <summary>Whether <c>live</c> was answered: what is posted from then on belongs to it.</summary>
    public bool HasStarted => subscriptions["live"].Position is not null;

    public async Task<ClientWebSocket> ConnectAsync()
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("X-API-Key", key);
        await socket.ConnectAsync(new Uri($"{address.Replace("http", "ws", StringComparison.Ordinal)}/api/v1/ws"), CancellationToken.None);
        await SubscribeAsync(socket, "live", $"\"chat_id\":{liveChat}", "\"from\":\"latest\"");
        await SubscribeAsync(socket, "past", "\"all\":true", "\"from\":\"earliest\"");
        // Only then is "from now on" known to be before whatever is posted next.
        await ReadUntilAsync(socket, () => subscriptions.Values.All(one => one.IsSubscribed));
        return socket;
    }

    /// <summary>Reads until the condition holds or the server is gone.</summary>
    public async Task ReadUntilAsync(ClientWebSocket socket, Func<bool> done)
    {
        using CancellationTokenSource patience = new(Fault.Patience);
        while (!done())
        {
            int filled = 0;
            ValueWebSocketReceiveResult result;
            try
            {
                do
                {
                    result = await socket.ReceiveAsync(buffer.AsMemory(filled), patience.Token);
                    filled += result.Count;
                }
                while (!result.EndOfMessage);
            }
            catch (WebSocketException gone)
            {
                LastDisconnect = gone.Message;
                return;
            }

            if (result.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            using JsonDocument message = JsonDocument.Parse(buffer.AsMemory(0, filled));
            OnMessage(message.RootElement);
        }
    }

    public string? LastDisconnect { get; private set; }

    private async Task SubscribeAsync(ClientWebSocket socket, string id, string selector, string firstStart)
    {
        Subscription subscription = subscriptions[id];
        (subscription.IsSubscribed, subscription.IsCaughtUp) = (false, false);
        string start = subscription.Position is { } position ? $"\"after\":{position},\"log_id\":\"{logId}\"" : firstStart;
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"action":"subscribe","id":"{{id}}",{{selector}},{{start}}}"""), WebSocketMessageType.Text, true, CancellationToken.None);
    }

    private void OnMessage(JsonElement message)
    {
        if (message.TryGetProperty("action", out JsonElement action))
        {
            OnAction(action.GetString()!, message);
            return;
        }

        long seq = message.GetProperty("seq").GetInt64();
        if (message.TryGetProperty("replay", out JsonElement replay))
        {
            Take(replay.GetString()!, seq, message);
            return;
        }

        bool isNews = false;
        foreach ((string id, Subscription subscription) in subscriptions)
        {
            if (!subscription.IsCaughtUp)
            {
                continue;
            }

            if (subscription.Matches(message) && seq > subscription.Position)
            {
                Take(id, seq, message);
                isNews = true;
            }

            subscription.MoveTo(seq);
        }

        if (!isNews)
        {
            Violations.Add($"bare event {seq} belongs to nobody");
        }
    }

    private void OnAction(string action, JsonElement message)
    {
        Subscription? subscription = message.TryGetProperty("id", out JsonElement id) ? subscriptions[id.GetString()!] : null;
        switch (action)
        {
            case "subscribed":
                logId = message.GetProperty("log_id").GetString()!;
                subscription!.IsSubscribed = true;
                liveStart ??= message.GetProperty("seq").GetInt64();
                subscription.MoveTo(message.GetProperty("seq").GetInt64());
                break;
            case "caught_up":
                subscription!.IsCaughtUp = true;
                subscription.MoveTo(message.GetProperty("seq").GetInt64());
                break;
            case "position":
                subscription!.MoveTo(message.GetProperty("seq").GetInt64());
                break;
            default:
                Violations.Add(message.GetRawText());
                break;
        }
    }

    private void Take(string id, long seq, JsonElement message)
    {
        Subscription subscription = subscriptions[id];
        if (seq <= subscription.Position)
        {
            Violations.Add($"{id}: {seq} after {subscription.Position}");
        }

        if (id == "past" && seq > liveStart && subscriptions["live"].Matches(message))
        {
            wanted.Add(seq);
        }

        subscription.Seqs.Add(seq);
        subscription.MoveTo(seq);
    }
}
