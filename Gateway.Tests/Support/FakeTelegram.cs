using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Support;

/// <summary>
/// A Bot API server for one bot, as far as taking it over and polling go: getMe, the webhook methods, and getUpdates with Telegram's
/// rules. An offset forgets everything before it, an update is handed out until it is forgotten, and a second poller gets a 409.
/// </summary>
internal sealed class FakeTelegram : IAsyncDisposable
{
    public const string Token = "111:the-secret-token-of-a-bot";

    private readonly Lock gate = new();
    private readonly SortedDictionary<long, string> pending = [];
    private readonly ConcurrentQueue<JsonElement> calls = new();
    private readonly ConcurrentQueue<(string, JsonElement)> asked = new();
    private TaskCompletionSource arrived = NewSignal();
    private TaskCompletionSource called = NewSignal();
    private LoopbackServer server = null!;
    private int polling;

    public string BaseUrl => server.Address.ToString().TrimEnd('/');

    public string WebhookUrl { get; set; } = "";

    /// <summary>What getWebhookInfo says beside the address, as members of its JSON.</summary>
    public string WebhookTrouble { get; set; } = "";

    /// <summary>The bots by their tokens.</summary>
    public ConcurrentDictionary<string, long> Tokens { get; } = new() { [Token] = 111 };

    /// <summary>Answered to a method, by its name, instead of what it does: status and body.</summary>
    public ConcurrentDictionary<string, (int Status, string Body)> Refused { get; } = new();

    /// <summary>Awaited before a method, by its name, is answered.</summary>
    public ConcurrentDictionary<string, Task> Held { get; } = new();

    /// <summary>Every method that was called besides getUpdates, with its parameters.</summary>
    public IReadOnlyList<(string Method, JsonElement Parameters)> Asked => [.. asked];

    /// <summary>Answered instead of the next getUpdates: status and body.</summary>
    public ConcurrentQueue<(int Status, string Body)> Failures { get; } = new();

    /// <summary>The parameters of every getUpdates so far.</summary>
    public IReadOnlyList<JsonElement> Calls => [.. calls];

    public IReadOnlyList<long> Pending
    {
        get
        {
            lock (gate)
            {
                return [.. pending.Keys];
            }
        }
    }

    public static async Task<FakeTelegram> StartAsync()
    {
        Secrets.Note(Token, "bot token");
        var telegram = new FakeTelegram();
        telegram.server = await LoopbackServer.StartAsync(telegram.HandleAsync);
        return telegram;
    }

    /// <summary>The text stands in the answer exactly as given.</summary>
    public void Add(long updateId, string update)
    {
        lock (gate)
        {
            pending[updateId] = update;
        }

        Interlocked.Exchange(ref arrived, NewSignal()).TrySetResult();
    }

    /// <summary>Waits until that many getUpdates have come.</summary>
    public async Task WaitForCallsAsync(int count)
    {
        while (true)
        {
            var signal = called;
            if (calls.Count >= count)
            {
                return;
            }

            await signal.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    public int Count(string method) => asked.Count(each => each.Item1 == method);

    private async Task HandleAsync(HttpContext context)
    {
        // "", "bot<token>", "<method>"
        var parts = context.Request.Path.Value!.Split('/');
        if (parts is not ["", ['b', 'o', 't', .. var token], var method] || !Tokens.TryGetValue(token, out var id))
        {
            await ReplyAsync(context, 401, """{"ok":false,"error_code":401,"description":"Unauthorized"}""");
            return;
        }

        if (method == "getUpdates")
        {
            await GetUpdatesAsync(context);
            return;
        }

        using var document = await JsonDocument.ParseAsync(context.Request.Body);
        asked.Enqueue((method, document.RootElement.Clone()));
        if (Held.TryGetValue(method, out var held))
        {
            await held.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var (status, body) = Refused.TryGetValue(method, out var refused) ? refused : Answer(method, id, document.RootElement);
        await ReplyAsync(context, status, body);
    }

    private (int, string) Answer(string method, long id, JsonElement parameters)
    {
        switch (method)
        {
            case "getMe":
                return (200, $$"""{"ok":true,"result":{"id":{{id}},"is_bot":true,"first_name":"Test","username":"test_bot"} }""");
            case "getWebhookInfo":
                return (200, $$"""{"ok":true,"result":{"has_custom_certificate":false,"url":"{{WebhookUrl}}","pending_update_count":{{Pending.Count}}{{WebhookTrouble}}} }""");
            case "setWebhook":
                WebhookUrl = parameters.GetProperty("url").GetString()!;
                return (200, """{"ok":true,"result":true,"description":"Webhook was set"}""");
            case "deleteWebhook":
                WebhookUrl = "";
                return (200, """{"ok":true,"result":true,"description":"Webhook was deleted"}""");
            default:
                return (404, """{"ok":false,"error_code":404,"description":"Not Found: method not found"}""");
        }
    }

    private async Task GetUpdatesAsync(HttpContext context)
    {
        using var document = await JsonDocument.ParseAsync(context.Request.Body);
        var parameters = document.RootElement.Clone();
        calls.Enqueue(parameters);
        Interlocked.Exchange(ref called, NewSignal()).TrySetResult();
        if (WebhookUrl.Length > 0 || Interlocked.Exchange(ref polling, 1) == 1)
        {
            await ReplyAsync(context, 409, """{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}""");
            return;
        }

        (int Status, string Body) answer;
        try
        {
            answer = Failures.TryDequeue(out var failure) ? failure : (200, await TakeAsync(parameters, context.RequestAborted));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }
        finally
        {
            // Before the answer leaves: who cuts a long one short and asks again is not a second poller.
            Volatile.Write(ref polling, 0);
        }

        await ReplyAsync(context, answer.Status, answer.Body);
    }

    private async Task<string> TakeAsync(JsonElement parameters, CancellationToken aborted)
    {
        var offset = parameters.TryGetProperty("offset", out var given) ? given.GetInt64() : 0;
        var limit = parameters.GetProperty("limit").GetInt32();
        while (true)
        {
            var signal = arrived;
            lock (gate)
            {
                foreach (var confirmed in pending.Keys.Where(id => id < offset).ToArray())
                {
                    pending.Remove(confirmed);
                }

                if (pending.Count > 0)
                {
                    return $$"""{"ok":true,"result":[{{string.Join(",\n ", pending.Values.Take(limit))}}] }""";
                }
            }

            await signal.Task.WaitAsync(aborted);
        }
    }

    /// <summary>Ends the long poll that waits now with an empty answer, as Telegram does after its timeout.</summary>
    public static (int, string) Empty => (200, """{"ok":true,"result":[]}""");

    private static async Task ReplyAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
