using Gateway.LoadTests;
using Gateway.LoadTests.Native;
using Gateway.LoadTests.References;
using Gateway.LoadTests.Scenarios;

const ulong OpenFiles = 65_536;
const string Usage = """
    usage: dotnet run -c Release --project Gateway.LoadTests -- SCENARIO --binary PATH [--store sqlite|mysql --database URL] [--json FILE]
      ingest    durable throughput at 32, 256, 1024 connections against bare Kestrel; latencies at --rate 1000 a second
      fanout    --subscribers 1000,10000 WebSockets against a bare loop, at --deliveries 20000 a second
      resume    --subscribers 1000 that come back at --back 20000 of --events 50000 after a restart
      memory    idle, and per idle WebSocket at --sockets 5000
      rest      authenticated reads over REST against a bare Kestrel that answers the same bytes, at --connections 32
      bare      both references alone: what generator and machine can do
      startup   exec to the first 200 of /health, median of --starts 10
    common: --seconds N --warm-up N --connections A,B --data DIR
    """;

CommandLine options;
try
{
    options = new CommandLine(args);
}
catch (ArgumentException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

switch (options.Scenario)
{
    case "reference-ingest":
        return await BareKestrel.RunAsync(options.Number("port", 0));
    case "reference-read":
        return await BareKestrel.RunReadAsync(options.Number("port", 0), options.Number("bytes", 0));
    case "reference-fanout":
        return BareFanout.Run(options.Number("port", 0), options.Number("subscribers", 0));
}

Func<CommandLine, Report, Task>? scenario = options.Scenario switch
{
    "ingest" => IngestScenario.RunAsync,
    "fanout" => FanoutScenario.RunAsync,
    "resume" => ResumeScenario.RunAsync,
    "memory" => MemoryScenario.RunAsync,
    "startup" => StartupScenario.RunAsync,
    "rest" => RestScenario.RunAsync,
    "bare" => BareScenario.RunAsync,
    _ => null,
};
if (scenario is null)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

_ = Libc.RaiseOpenFiles(OpenFiles);
Report report = new(options);
await scenario(options, report);
report.Finish();
return 0;
