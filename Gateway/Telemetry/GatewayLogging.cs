using Microsoft.Extensions.Logging;

namespace Gateway.Telemetry;

/// <summary>
/// The logger factory, ours and Kestrel's: one sink, one format, levels fixed at start. ASP.NET's own categories speak from Warning, because
/// below that they log request paths, and a receiver's path is a secret.
/// </summary>
internal sealed class GatewayLogging(LogSink sink, LoggingOptions options, TimeProvider time) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName, MinimumOf(categoryName));

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("The gateway has one log; further providers would escape its redaction.");

    public void Dispose()
    {
        // The sink is flushed by whoever made it, asynchronously.
    }

    /// <summary>
    /// Asked whether this category logs anything, the host makes an Activity for every request, which an open socket keeps: 350 bytes. It has
    /// nothing to say that the front door does not.
    /// </summary>
    private const string HostDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>It logs a failed start with pages of stack and throws it as well; who started it says in one line what an operator can do.</summary>
    private const string HostItself = "Microsoft.Extensions.Hosting.Internal.Host";

    private LogLevel MinimumOf(string category) =>
        category is HostDiagnostics or HostItself ? LogLevel.None
        : category.StartsWith("Microsoft.", StringComparison.Ordinal) && options.Level < LogLevel.Warning ? LogLevel.Warning : options.Level;

    private void Write<TState>(LogLevel level, string category, EventId id, TState state, Exception? error, Func<TState, Exception?, string> formatter) =>
        sink.Write(LogLine.Format(options.Format, time.GetUtcNow(), level, category, id, formatter(state, error), state, error));

    private sealed class Logger(GatewayLogging owner, string category, LogLevel minimum) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) owner.Write(logLevel, category, eventId, state, exception, formatter);
        }
    }
}
