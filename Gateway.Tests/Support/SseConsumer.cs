using System.Text;

namespace Gateway.Tests.Support;

/// <summary>One event stream, resumed with <c>Last-Event-ID</c> as a browser does.</summary>
internal sealed class SseConsumer(string address, string key, string selector) : StreamConsumer("SSE", address, key, selector)
{
    protected override async Task ConnectAsync(CancellationToken cancellation)
    {
        using HttpClient client = new(CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        using HttpRequestMessage request = new(HttpMethod.Get, $"{Address}/api/v1/events/stream?{Selector}&include=update&from=earliest");
        request.Headers.Add(Credential.Name, Credential.Value);
        if (Journal.Position is { } position)
        {
            request.Headers.Add("Last-Event-ID", $"{position.LogId}-{position.Seq}");
        }

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        Journal.Connected();
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellation), new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);
        string? id = null, name = null, data = null;
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
            {
                OnBlock(id, name, data);
                (id, name, data) = (null, null, null);
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon];
            string value = colon < 0 ? "" : line[(colon + 1 < line.Length && line[colon + 1] == ' ' ? colon + 2 : colon + 1)..];
            switch (field)
            {
                case "id":
                    id = value;
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data = data is null ? value : data + "\n" + value;
                    break;
            }
        }
    }

    private void OnBlock(string? id, string? name, string? data)
    {
        if (name == "gap")
        {
            Journal.RecordGap(data!);
        }

        if (name == "access")
        {
            Journal.RecordAccess(data!);
        }

        if (id is null)
        {
            return;
        }

        int dash = id.LastIndexOf('-');
        string logId = id[..dash];
        if (data is not null && data.StartsWith("{\"seq\"", StringComparison.Ordinal))
        {
            Record(logId, Encoding.UTF8.GetBytes(data));
        }
        else
        {
            Journal.MoveTo(logId, long.Parse(id.AsSpan(dash + 1), System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
