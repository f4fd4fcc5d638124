using System.Text;

namespace Gateway.Hosting;

/// <summary>What a person sees at the start: where it is, the first credentials once, and what to try next.</summary>
internal static class Banner
{
    public static string Text(string url, GatewayOptions options, string version, FirstCredentials? first)
    {
        var text = new StringBuilder();
        text.AppendLine($"Telegram Bot Gateway {version}");
        text.AppendLine($"  HTTP      {url}   (health {url}/health, metrics {url}/metrics)");
        text.AppendLine($"  Storage   {(options.Storage.IsSqlite ? Path.GetFullPath(options.Storage.SqlitePath!) : options.Storage)}");
        if (first is null) return text.ToString();

        text.AppendLine();
        text.AppendLine("First run. These are shown once and stored only as hashes:");
        text.AppendLine($"  Admin user      {first.UserName}");
        if (first.Password is { } password) text.AppendLine($"  Admin password  {password}");
        if (first.ApiKey is not { } apiKey) return text.ToString();
        text.AppendLine($"  Admin API key   {apiKey}");
        text.AppendLine();
        text.AppendLine("Next, in another terminal: open a stream, then register a bot and send it something.");
        text.AppendLine($"  curl -N -H 'X-API-Key: {apiKey}' '{url}/api/v1/events/stream?all=true'");
        // By its full path, so that the line can be copied: after "dotnet run" no gateway is on the PATH.
        text.AppendLine($"  {Environment.ProcessPath ?? "gateway"} bot add --token <token from @BotFather> --data '{Path.GetFullPath(options.DataFolder)}'");
        return text.ToString();
    }
}
