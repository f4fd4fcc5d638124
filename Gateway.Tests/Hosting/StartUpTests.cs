using Gateway.Hosting;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Hosting;

public sealed class StartUpTests
{
    /// <summary>The orchestrator starts it again; until then it waits, for a database that comes up together with it.</summary>
    [Fact]
    public async Task Database_AwayForLongerThanAStartWaits_EndsTheStartWithTheReason()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-start-");
        var values = new OptionValues();
        values.Set("Data", folder.FullName, "test");
        values.Set("MasterKey", Convert.ToBase64String(new byte[32]), "test");
        values.Set("Database", "mysql://gateway:not-for-logs@127.0.0.1:1/gateway", "test");
        var time = new FakeTimeProvider();
        var began = time.GetTimestamp();
        var start = StartUp.PrepareAsync(OptionsReader.Read(values).Options!, time, NullLogger.Instance, CancellationToken.None);
        while (!start.IsCompleted)
        {
            time.Advance(Limits.Hosting.DatabaseRetry);
            await Task.WhenAny(start, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        var outcome = await start;
        Assert.Equal((StartUpStatus.DatabaseAway, null), (outcome.Status, outcome.StartUp));
        Assert.InRange(time.GetElapsedTime(began), Limits.Hosting.DatabaseWait, TimeSpan.MaxValue);
        Assert.DoesNotContain("not-for-logs", outcome.Reason, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }
}
