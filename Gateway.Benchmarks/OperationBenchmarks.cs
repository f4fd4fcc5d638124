using BenchmarkDotNet.Attributes;

namespace Gateway.Benchmarks;

/// <summary>Time and allocation of every operation, measured with care.</summary>
[MemoryDiagnoser]
public class OperationBenchmarks
{
    private Operation? operation;

    public static IEnumerable<string> Names => Operation.All().Select(one => one.Name);

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        operation = Operation.All().Single(one => one.Name == Name);
        await operation.SetUpAsync();
    }

    [Benchmark(OperationsPerInvoke = Operation.PerRun)]
    public Task RunAsync() => operation!.RunAsync();

    [GlobalCleanup]
    public async Task CleanUpAsync() => await operation!.DisposeAsync();
}
