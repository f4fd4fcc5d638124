using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("Gateway.Tests.Support.GatewayTestFramework", "Gateway.Tests")]

namespace Gateway.Tests.Support;

/// <summary>A test class about the run itself: it begins when all others have ended.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunsLastAttribute : Attribute;

/// <summary>xunit's own, which knows no last test: the search of the run's log for secrets must come after everything that logs.</summary>
public sealed class GatewayTestFramework(IMessageSink messages) : XunitTestFramework(messages)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName name, ISourceInformationProvider sources, IMessageSink messages)
        : XunitTestFrameworkExecutor(name, sources, messages)
    {
        protected override async void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
        {
            using var runner = new Runner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
            await runner.RunAsync();
        }
    }

    private sealed class Runner(
        ITestAssembly assembly, IEnumerable<IXunitTestCase> cases, IMessageSink diagnostics, IMessageSink execution, ITestFrameworkExecutionOptions options)
        : XunitTestAssemblyRunner(assembly, cases, diagnostics, execution, options)
    {
        protected override async Task<RunSummary> RunTestCollectionsAsync(IMessageBus messageBus, CancellationTokenSource cancellationTokenSource)
        {
            var all = TestCases.ToLookup(each => each.TestMethod.TestClass.Class.GetCustomAttributes(typeof(RunsLastAttribute)).Any());
            TestCases = all[false];
            var summary = await base.RunTestCollectionsAsync(messageBus, cancellationTokenSource);
            TestCases = all[true];
            summary.Aggregate(await base.RunTestCollectionsAsync(messageBus, cancellationTokenSource));
            RunLog.Delete();
            return summary;
        }
    }
}
