using Gateway.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Hosting;

public sealed class StageSupervisorTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly StageSupervisor supervisor = new(TimeProvider.System, NullLogger.Instance);

    [Fact]
    public async Task Loop_ThatThrows_IsReported()
    {
        supervisor.Start("Broken", _ => throw new InvalidOperationException("bug"));
        Assert.Equal("Broken", await supervisor.Died.WaitAsync(Long));
    }

    [Fact]
    public async Task Loop_ThatReturnsByItself_IsReported()
    {
        supervisor.Start("Short", _ => Task.CompletedTask);
        Assert.Equal("Short", await supervisor.Died.WaitAsync(Long));
    }

    [Fact]
    public async Task Loop_ThatWasStopped_IsNot()
    {
        var stage = supervisor.Start("Good", stop => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        Assert.True(await stage.StopAsync(Long));
        Assert.False(supervisor.Died.IsCompleted);
    }

    /// <summary>Regression: the committer ended while its inbox was being closed and was reported as dead.</summary>
    [Fact]
    public async Task Loop_ThatFinishesTheMomentItsInboxCloses_IsNot()
    {
        var inbox = new TaskCompletionSource();
        var stage = supervisor.Start("Log", _ => inbox.Task);
        Assert.True(await stage.FinishAsync(inbox.SetResult, Long));
        Assert.False(supervisor.Died.IsCompleted);
    }

    [Fact]
    public async Task Shutdown_WithAStepThatHangsAndOneThatFails_GoesOnInOrder()
    {
        var time = new FakeTimeProvider();
        var shutdown = new OrderedShutdown(time, NullLogger.Instance);
        var ran = new List<string>();
        shutdown.Add("hangs", TimeSpan.FromSeconds(5), _ => Note("hangs", new TaskCompletionSource().Task));
        shutdown.Add("fails", TimeSpan.FromSeconds(5), _ => Note("fails", Task.FromException(new IOException())));
        shutdown.Add("works", TimeSpan.FromSeconds(5), _ => Note("works", Task.CompletedTask));

        var running = shutdown.RunAsync();
        Assert.Equal(["hangs"], ran);
        time.Advance(TimeSpan.FromSeconds(5));
        await running.WaitAsync(Long);

        Assert.Equal(["hangs", "fails", "works"], ran);

        Task Note(string name, Task task)
        {
            ran.Add(name);
            return task;
        }
    }

    [Fact]
    public void Readiness_WhileDraining_SaysSoBesideItsReasons()
    {
        var readiness = new Readiness();
        string? reason = null;
        readiness.Require(() => reason);
        readiness.Warn(() => "only a warning");
        Assert.Empty(readiness.Reasons());

        reason = "the database is away";
        Assert.Equal([reason], readiness.Reasons());
        readiness.StartDraining();
        Assert.Equal(2, readiness.Reasons().Count);
        Assert.Single(readiness.Warnings());
    }
}
