using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Tests.Support;

/// <summary>Posts updates with rising ids from a number of connections, and remembers which were acknowledged.</summary>
internal sealed class UpdatePoster : IDisposable
{
    private readonly HttpClient client;
    private readonly string url;
    private readonly int connections;
    private long lastId;

    public UpdatePoster(TestBot bot, int connections, long firstId = 1)
    {
        url = bot.WebhookUrl;
        lastId = firstId - 1;
        this.connections = connections;
        client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { Timeout = TimeSpan.FromSeconds(30) };
    }

    public int PaddingBytes { get; init; }

    /// <summary>Answered 200.</summary>
    public ConcurrentDictionary<long, byte> Acknowledged { get; } = new();

    /// <summary>Answered something else or nothing: stored or not, the poster cannot know.</summary>
    public ConcurrentDictionary<long, byte> Unknown { get; } = new();

    public ConcurrentDictionary<HttpStatusCode, long> Refusals { get; } = new();
    public long LastId => Volatile.Read(ref lastId);

    /// <summary>Posts from all connections until cancelled, or until nobody listens any more.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => RunOneAsync(cancellation), CancellationToken.None)));

    /// <summary>Posts these again, from all connections.</summary>
    public Task RepostAsync(IEnumerable<long> ids)
    {
        ConcurrentQueue<long> queue = new(ids);
        return Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (queue.TryDequeue(out long id))
            {
                Xunit.Assert.Equal(HttpStatusCode.OK, await PostAsync(id));
            }
        })));
    }

    /// <returns>Null when there was no answer.</returns>
    public async Task<HttpStatusCode?> PostAsync(long id)
    {
        try
        {
            using HttpResponseMessage answer = await client.PostAsync(url, TestUpdate.Content(id, PaddingBytes));
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                Unknown.TryRemove(id, out _);
                Acknowledged.TryAdd(id, 0);
            }
            else
            {
                Unknown.TryAdd(id, 0);
                Refusals.AddOrUpdate(answer.StatusCode, 1, (_, count) => count + 1);
            }

            return answer.StatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            Unknown.TryAdd(id, 0);
            return null;
        }
    }

    public async Task<HttpStatusCode?> PostNextAsync() => await PostAsync(Interlocked.Increment(ref lastId));

    private async Task RunOneAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && await PostNextAsync() is not null)
        {
            // Closed loop: the next one follows the answer.
        }
    }

    public void Dispose() => client.Dispose();
}
