using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>Long polls, one after the other.</summary>
internal sealed class PullConsumer(string address, string key, string selector) : StreamConsumer("pull", address, key, selector)
{
    protected override async Task ConnectAsync(CancellationToken cancellation)
    {
        using HttpClient client = new(CreateHandler());
        client.DefaultRequestHeaders.Add(Credential.Name, Credential.Value);
        Journal.Connected();
        while (true)
        {
            byte[] body = await client.GetByteArrayAsync($"{Address}/api/v1/events?{Selector}&include=update&limit=500&wait=2&{StartQuery}", cancellation);
            OnPage(body);
        }
    }

    private void OnPage(byte[] body)
    {
        // Updates may be nested as deeply as their senders like.
        using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 10_000 });
        JsonElement page = document.RootElement;
        string logId = page.GetProperty("log_id").GetString()!;
        foreach (JsonElement gap in page.GetProperty("gaps").EnumerateArray())
        {
            Journal.RecordGap(gap.GetRawText());
        }

        foreach (JsonElement one in page.GetProperty("events").EnumerateArray())
        {
            Record(logId, Encoding.UTF8.GetBytes(one.GetRawText()));
        }

        Journal.MoveTo(logId, page.GetProperty("next_after").GetInt64());
    }
}
