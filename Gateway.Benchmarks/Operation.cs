namespace Gateway.Benchmarks;

/// <summary>One thing that the gateway does for every update or delivery, <see cref="PerRun"/> times in a row.</summary>
internal abstract class Operation(string name) : IAsyncDisposable
{
    /// <summary>The same for all, because BenchmarkDotNet divides by a constant; half of a full commit batch.</summary>
    public const int PerRun = 256;

    public string Name { get; } = name;

    public virtual ValueTask SetUpAsync() => ValueTask.CompletedTask;

    public abstract Task RunAsync();

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static Operation[] All() =>
    [
        new ParseOperation("parse small", Samples.Small),
        new ParseOperation("parse big", Samples.Big),
        new ParseOperation("parse nasty", Samples.Nasty),
        new CommitOperation(),
        new IngestOperation(),
        new EncodeOperation("encode compact", includeUpdate: false),
        new EncodeOperation("encode with update", includeUpdate: true),
        new FrameOperation("WebSocket frame", includeUpdate: false),
        new FrameOperation("WebSocket frame with update", includeUpdate: true),
        new FanoutOperation(),
        new PermissionOperation(),
    ];
}
