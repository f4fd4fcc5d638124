using System.Globalization;
using System.Text;
using Gateway.LoadTests.Children;
using Gateway.LoadTests.Posting;

namespace Gateway.LoadTests.Scenarios;

/// <summary>
/// Reads with an API key against a bare Kestrel that answers as many bytes with the same headers and asks nobody: what credential, permission and
/// rate limit cost. <c>/auth/me</c> is answered from memory and carries the mark; the others read the database and are told beside it.
/// </summary>
internal static class RestScenario
{
    private const double Mark = 0.5;

    public static async Task RunAsync(CommandLine options, Report report)
    {
        using GatewayChild gateway = await GatewayChild.StartAsync(options);
        using (PostGenerator poster = new(gateway.Port, 1, new UpdateTemplate(gateway.Port, gateway.WebhookSecret)))
        {
            // Some chats and messages to read.
            _ = poster.RunClosed(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        (string Name, string Path, bool IsMarked)[] reads =
        [
            ("me", "/api/v1/auth/me", true),
            ("one bot", "/api/v1/bots/1", false),
            ("one chat", "/api/v1/chats/1", false),
            ("a page of messages", "/api/v1/chats/1/messages?limit=5", false),
        ];
        foreach ((string name, string path, bool isMarked) in reads)
        {
            await CompareAsync(gateway, name, path, isMarked, options, report);
        }
    }

    private static async Task CompareAsync(GatewayChild gateway, string name, string path, bool isMarked, CommandLine options, Report report)
    {
        using HttpClient client = new();
        client.DefaultRequestHeaders.Add("X-API-Key", gateway.ApiKey);
        byte[] answer = await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{gateway.Port}{path}"));
        using ReferenceChild bare = await ReferenceChild.StartAsync("reference-read", "--bytes", answer.Length.ToString(CultureInfo.InvariantCulture));
        foreach (int connections in options.Numbers("connections", 32))
        {
            double before = Closed(bare.Port, gateway.ApiKey, path, $"{name}: bare", connections, options, report);
            double read = Closed(gateway.Port, gateway.ApiKey, path, $"{name}: gateway", connections, options, report);
            double after = Closed(bare.Port, gateway.ApiKey, path, $"{name}: bare again", connections, options, report);
            double ratio = read / ((before + after) / 2);
            if (isMarked)
            {
                report.AtLeast($"{name}: gateway / bare", ratio, "×", Mark);
            }
            else
            {
                report.Add($"{name}: gateway / bare", ratio, "×");
            }
        }
    }

    private static double Closed(int port, string key, string path, string name, int connections, CommandLine options, Report report)
    {
        byte[] request = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\n\r\n"));
        using PostGenerator generator = new(port, connections, _ => request);
        LoadResult result = generator.RunClosed(options.Seconds("warm-up", 2), options.Seconds("seconds", 5));
        report.Add(name, result.PerSecond, "reads/s");
        foreach ((int status, long count) in result.Refused)
        {
            report.AtMost($"{name}: answered {status}", count, "requests", 0);
        }

        return result.PerSecond;
    }
}
