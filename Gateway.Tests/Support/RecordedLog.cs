using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

/// <summary>Keeps what was logged, formatted as an operator would see it, and lets a test wait for a line.</summary>
internal sealed class RecordedLog<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(int Id, string Line)> lines = new();
    private volatile TaskCompletionSource added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Lines => [.. lines.Select(each => each.Line)];

    public int Count(int eventId) => lines.Count(each => each.Id == eventId);

    public async Task WaitAsync(int eventId, int times = 1)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var signal = added;
            if (Count(eventId) >= times)
            {
                return;
            }

            await signal.Task.WaitAsync(limit.Token);
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel} {formatter(state, exception)} {exception}";
        lines.Enqueue((eventId.Id, line));
        RunLog.Write(typeof(T).Name, line);
        Interlocked.Exchange(ref added, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
