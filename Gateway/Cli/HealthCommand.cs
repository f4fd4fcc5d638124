using System.CommandLine;
using System.Net;
using Gateway.Hosting;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary><c>health</c>: asks a running gateway on this machine; the container's health check.</summary>
internal static class HealthCommand
{
    private static readonly Option<string?> Http = new("--http") { Description = "Where it listens [default: as serve would]", HelpName = "ADDR:PORT" };
    private static readonly Option<bool> Ready = new("--ready") { Description = "Ask whether it can take updates, not only whether it lives" };

    public static Command Create()
    {
        var command = new Command("health", "Ask a running gateway whether it is well. Example: gateway health --ready --json") { Http, Ready };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var output = CliSession.OutputFor(arguments);
        var read = CommonOptions.Read(arguments, (Http, "Http:Listen"));
        if (read.Options is not { } options) return output.Fail(ExitCode.Usage, "INVALID_OPTIONS", string.Join("; ", read.Errors));

        var url = UrlOf(options.Http) + (arguments.GetValue(Ready) ? "/ready" : "/health");
        // Our own certificate names a host that this request does not use; there is nothing secret in it either.
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var client = new HttpClient(handler) { Timeout = Limits.Cli.HealthAnswer };
        try
        {
            using var answer = await client.GetAsync(new Uri(url), cancellation);
            var body = await answer.Content.ReadAsStringAsync(cancellation);
            return output.Found(
                answer.StatusCode == HttpStatusCode.OK, new HealthJson(url, (int)answer.StatusCode, body), CliJson.Default.HealthJson, $"{(int)answer.StatusCode} {body}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return output.Fail(ExitCode.Unavailable, "NO_ANSWER", $"no gateway answers at {url}");
        }
    }

    private static string UrlOf(HttpOptions http)
    {
        var address = http.Listen.Address;
        var target = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
        return $"{(http.CertificateFile is null ? "http" : "https")}://{new IPEndPoint(target, http.Listen.Port)}";
    }
}
