using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

/// <summary>
/// No secret that this run made stands in what the run's gateways logged: processes of their own, and those composed in the test process
/// (which log everything, down to traces). It sees what ran before it, so the whole suite is the test.
/// </summary>
[RunsLast]
public sealed class RunLogTests
{
    [Fact]
    public void TheWholeRunsLog_HoldsNoSecretOfTheRun()
    {
        var leaks = RunLog.FindLeaks(Secrets.All);

        Assert.True(leaks.Count == 0, $"{leaks.Count} leaks, first:\n{string.Join('\n', leaks.Take(20))}");
    }
}

public sealed class RunLogSearchTests
{
    [Fact]
    public void FindLeaks_SecretLoggedOnPurpose_IsFoundAndNotRepeated()
    {
        var secrets = new Dictionary<string, string> { ["tgw_9_made-for-this-test"] = "api key", ["another-secret-of-it"] = "password" };

        var leaks = RunLog.FindLeaks(["all is well", "gateway 7: info: refused tgw_9_made-for-this-test, sorry"], secrets);

        Assert.Equal(["api key: gateway 7: info: refused <the secret>, sorry"], leaks);
    }

    /// <summary>The whole way: the program's own logging, the stream, the file, the search.</summary>
    [Fact]
    public async Task FindLeaks_LineOfAComposedGateway_IsSearched()
    {
        var secret = $"on-purpose-{Guid.NewGuid():N}";
        await using (var sink = new LogSink(new RunLogStream("test"), TimeProvider.System))
        {
            using var logging = new GatewayLogging(sink, new LoggingOptions { Level = LogLevel.Trace }, TimeProvider.System);
            logging.CreateLogger("Deliberate").Log(LogLevel.Trace, default, secret, null, (state, _) => $"a leak of {state}");
        }

        Assert.Single(RunLog.FindLeaks(new Dictionary<string, string> { [secret] = "made for this test" }));
    }

    [Fact]
    public void Note_ShortText_IsNoSecret()
    {
        Secrets.Note("short", "nothing");
        Assert.DoesNotContain("short", Secrets.All.Keys);
    }
}
