using BenchmarkDotNet.Running;
using Gateway.Benchmarks;

// allocations FILE --check fails when more is allocated than the file says; --update writes it. Anything else is for BenchmarkDotNet.
return args switch
{
    ["allocations", string file, "--check"] => await AllocationCheck.RunAsync(file, update: false),
    ["allocations", string file, "--update"] => await AllocationCheck.RunAsync(file, update: true),
    _ => BenchmarkSwitcher.FromAssembly(typeof(OperationBenchmarks).Assembly).Run(args).Any() ? 0 : 1,
};
