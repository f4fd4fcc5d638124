using Gateway.Log;
using Gateway.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Log;

public sealed class HighWaterTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-high-water-");
    private readonly FakeTimeProvider time = new();

    private string Path_ => Path.Combine(folder.FullName, HighWaterFile.FileName);

    private HighWaterFile File_ => new(Path_, time, NullLogger.Instance);

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Observe_LowerSeq_KeepsTheHighest()
    {
        var highWater = new HighWater();
        highWater.Observe("a", 10);
        highWater.Observe("a", 7);
        highWater.Observe("b", 5);
        highWater.Observe("a", 3);
        Assert.Equal(new LogPosition("a", 10), highWater.Current);
        Assert.Equal(new LogPosition("b", 5), highWater.FloorFor("b"));
        Assert.Equal(new LogPosition("a", 10), highWater.FloorFor("unknown"));
    }

    [Fact]
    public void Observe_TooManyIdentities_ForgetsTheOldest()
    {
        var highWater = new HighWater();
        for (var i = 0; i <= Limits.Log.HighWaterIdentities; i++) highWater.Observe("log" + i, i);
        var seen = highWater.Snapshot().Seen;
        Assert.Equal(Limits.Log.HighWaterIdentities, seen.Length);
        Assert.DoesNotContain(seen, position => position.LogId == "log0");
    }

    [Fact]
    public void File_WrittenAndRead_IsTheSame()
    {
        var highWater = new HighWater([new("old", 9), new("new", 1_000_009)]);
        highWater.Observe("new", 1_000_010);
        File_.WriteIfChanged(highWater);
        Assert.Equal(highWater.Snapshot().Seen, File_.Read().Snapshot().Seen);
        Assert.Single(folder.GetFiles());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"seen\":[{\"log_id\":1}]}")]
    [InlineData("[]")]
    public void File_Broken_StartsEmpty(string content)
    {
        File.WriteAllText(Path_, content);
        Assert.Equal(new LogPosition("", 0), File_.Read().Current);
    }

    [Fact]
    public async Task File_Running_WritesOncePerSecondAndAtTheEnd()
    {
        var highWater = new HighWater();
        using var stop = new CancellationTokenSource();
        var loop = File_.RunAsync(highWater, stop.Token);
        highWater.Observe("a", 1);
        time.Advance(Limits.Log.HighWaterWrite - TimeSpan.FromMilliseconds(1));
        Assert.False(File.Exists(Path_));
        time.Advance(TimeSpan.FromMilliseconds(1));
        while (!File.Exists(Path_)) await Task.Yield();
        highWater.Observe("a", 2);
        await stop.CancelAsync();
        await loop;
        Assert.Equal(new LogPosition("a", 2), File_.Read().Current);
    }
}
