using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Deliver.WebSocket;

/// <summary>Keeps every line from Warning up: a test of sockets that leaves one behind has broken something.</summary>
internal sealed class RecordingLogger : ILogger, ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            var line = $"{logLevel} {formatter(state, exception)} {exception}";
            Lines.Enqueue(line);
            RunLog.Write(nameof(RecordingLogger), line);
        }
    }

    /// <summary>Fails with the whole text: a trace that is cut short says nothing.</summary>
    public void AssertNothing() => Assert.True(Lines.IsEmpty, string.Join("\n", Lines));

    public void Dispose() => Lines.Clear();
}
