using System.Text;
using Gateway.Messages;
using Gateway.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Telemetry;

public sealed class LogSinkTests
{
    [Fact]
    public async Task Reader_ThatIsStuck_StopsNobodyAndIsToldWhatItMissed()
    {
        using var target = new GatedStream();
        await using (var sink = new LogSink(target, TimeProvider.System))
        {
            sink.Write("first\n"u8.ToArray());
            await target.Entered;
            // The queue's bound and three more: none of these calls may wait.
            for (var i = 0; i < Limits.Telemetry.LogQueueLines + 3; i++) sink.Write("line\n"u8.ToArray());
            target.Open();
        }

        var text = Encoding.UTF8.GetString(target.Written.ToArray());
        Assert.Contains("(3 log lines were dropped", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_ThatIsStuckAtTheEnd_IsWaitedForNoLongerThanTheBound()
    {
        using var target = new GatedStream();
        var time = new FakeTimeProvider();
        var sink = new LogSink(target, time);
        sink.Write("last\n"u8.ToArray());
        await target.Entered;
        var end = sink.DisposeAsync().AsTask();
        time.Advance(Limits.Telemetry.LogFlush - TimeSpan.FromMilliseconds(1));
        Assert.False(end.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await end.WaitAsync(TimeSpan.FromSeconds(20));
        target.Open();
    }

    [Fact]
    public async Task JsonLine_WithSecretsAndLineFeeds_IsOneCleanObject()
    {
        using var target = new MemoryStream();
        await using (var sink = new LogSink(target, TimeProvider.System))
        {
            using var logging = new GatewayLogging(sink, new LoggingOptions { Format = LogFormat.Json }, TimeProvider.System);
            var logger = logging.CreateLogger("Test");
            TestLog.Refused(logger, "a\nb", 7, new IOException("bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"));
            logging.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").Log(LogLevel.Information, "GET /telegram/webhook/x");
        }

        var lines = Encoding.UTF8.GetString(target.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var json = System.Text.Json.JsonDocument.Parse(Assert.Single(lines));
        Assert.Equal("Refused a\nb by 7", json.RootElement.GetProperty("message").GetString());
        Assert.Equal(7, json.RootElement.GetProperty("key_id").GetInt32());
        Assert.DoesNotContain("AAHdq", lines[0], StringComparison.Ordinal);
    }

    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => entered.Task;
        public MemoryStream Written { get; } = new();

        public void Open() => gate.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            entered.TrySetResult();
            await gate.Task;
            Written.Write(buffer.Span);
        }
    }
}

internal static partial class TestLog
{
    [LoggerMessage(1, LogLevel.Warning, "Refused {What} by {KeyId}")]
    public static partial void Refused(ILogger logger, string what, int keyId, Exception error);
}
