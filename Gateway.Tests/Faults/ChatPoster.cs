using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Faults;

/// <summary>Messages of one chat, in one thread of it; their update ids tell the chat.</summary>
internal sealed class ChatPoster(TestBot bot, long chat) : IDisposable
{
    private readonly HttpClient client = new();
    private long lastId = FirstIdOf(chat) - 1;

    public const long Thread = 5;

    public int PaddingBytes { get; init; }

    public long LastId => Volatile.Read(ref lastId);

    public static long FirstIdOf(long chat) => chat * 1_000_000;

    public async Task PostAsync(int count)
    {
        for (int number = 0; number < count; number++)
        {
            await PostOneAsync(lastId + 1);
            Volatile.Write(ref lastId, lastId + 1);
        }
    }

    /// <summary>Many at once, in any order.</summary>
    public async Task PostBacklogAsync(int count)
    {
        const int AtOnce = 32;
        await Parallel.ForAsync(lastId + 1, lastId + 1 + count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (id, _) => await PostOneAsync(id));
        Volatile.Write(ref lastId, lastId + count);
    }

    public async Task<(long From, long To)> PostManyAsync(int count)
    {
        long from = LastId + 1;
        await PostAsync(count);
        return (from, LastId);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await PostAsync(1);
        }
    }

    private async Task PostOneAsync(long id)
    {
        string json = string.Create(CultureInfo.InvariantCulture,
            $$$"""{"update_id":{{{id}}},"message":{"message_id":{{{id}}},"message_thread_id":{{{Thread}}},"is_topic_message":true,"date":1790000000,"chat":{"id":{{{chat}}},"type":"supergroup","title":"T"},"text":"hello"},"padding":"{{{new string('x', PaddingBytes)}}}"}""");
        using HttpResponseMessage answer = await client.PostAsync(bot.WebhookUrl, TestUpdate.Content(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    public void Dispose() => client.Dispose();
}
