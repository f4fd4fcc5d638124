using System.Text.RegularExpressions;

namespace Gateway.Tests.Tidy;

/// <summary>Calls that break a promise quietly. Each rule names where it does not hold, and why.</summary>
public sealed class BannedCallTests
{
    private sealed record Rule(string Why, string Pattern, params string[] AllowedIn);

    private static readonly Rule[] Rules =
    [
        new("time comes from the injected TimeProvider, or tests cannot turn the clock", @"\bDateTime(Offset)?\.(UtcNow|Now|Today)\b"),
        new("a delay without the TimeProvider cannot be tested", @"\bTask\.Delay\((?!.*(\b[tT]ime\b|[tT]imeProvider|\bclock\b|InfiniteTimeSpan))"),
        new("a blocked pool thread stalls every connection", @"\bThread\.(Sleep|SpinWait)\("),
        new("shared randomness makes a failure unrepeatable; secrets take RandomNumberGenerator", @"\bRandom\.Shared\b|\bnew Random\(\)",
            // Where the one that is passed in is made.
            "Gateway/Hosting/CompositionRoot.cs"),
        new("output belongs to the command line; the server writes logs", @"\bConsole\.(Write|Out|Error)", "Gateway/Cli/", "Gateway/Hosting/"),
        new("waiting for a task blocks a pool thread", @"\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)",
            // A semaphore, on threads of its own: SQLite's calls block, so they must not do it on the pool.
            "Gateway/Log/Sqlite/SqliteWorkers.cs"),
        new("an exception that nobody sees hides a broken environment", @"\bcatch\b[^{]*\{\s*\}"),
        new("an unbounded queue breaks law L8", @"\bChannel\.CreateUnbounded\b",
            // Bounded by counts and bytes of its own, which a bounded channel cannot count.
            "Gateway/Log/CommitQueue.cs",
            // At most one read for each catch-up, and catch-ups are bounded by connections.
            "Gateway/Deliver/CatchUpReader.cs"),
        new("fire and forget loses the exception; loops are supervised", @"\basync\s+void\b"),
        new("the process's fate is the supervisor's decision", @"\bEnvironment\.(Exit|FailFast)\(", "Gateway/Hosting/", "Gateway/Cli/"),
        // One file may, once, after the start: see what it says there.
        new("the collector knows better", @"\bGC\.Collect\(", "Gateway/Hosting/GatewayServer.cs"),
        new("behind a proxy it is the proxy's: the exchange knows the client's", @"\bRemoteIpAddress\b", "Gateway/Http/TrustedProxies.cs"),
        new("a power cut takes a rename back until the folder is synced", @"\bFile\.(Move|Replace)\(",
            "Gateway/Storage/DurableFile.cs",
            // Only a hint for the next start, written every few seconds: an older one is as good, and not worth a sync of the folder.
            "Gateway/Log/HighWaterFile.cs"),
        new("reflection is cut away by the AOT compiler", @"\bActivator\.CreateInstance\b|\bType\.GetType\("),
    ];

    public static TheoryData<int> RuleNumbers => [.. Enumerable.Range(0, Rules.Length)];

    [Theory]
    [MemberData(nameof(RuleNumbers))]
    public void Source_BannedCall_IsNowhere(int number)
    {
        Rule rule = Rules[number];
        Regex pattern = new(rule.Pattern, RegexOptions.CultureInvariant);
        List<string> found = [];
        foreach (SourceFile file in SourceFile.Gateway.Where(file => !rule.AllowedIn.Any(place => file.RelativePath.StartsWith(place, StringComparison.Ordinal))))
        {
            string code = string.Join('\n', file.CodeLines);
            foreach (Match match in pattern.Matches(code))
            {
                int line = code.AsSpan(0, match.Index).Count('\n');
                found.Add($"{file.RelativePath}:{line + 1}: {file.Lines[line].Trim()} ({rule.Why})");
            }
        }

        Violations.None(found);
    }

    private static readonly string[] TestsThatPassTime =
    [
        // How long a load lasts, when a kill comes, and the one poll of other processes.
        "Gateway.Tests/Faults/", "Gateway.Tests/Support/",
        // They turn a fake clock, and leave the threads of a database or a socket time to notice.
        "Gateway.Tests/Access/FreshReadTests.cs", "Gateway.Tests/Hosting/StartUpTests.cs", "Gateway.Tests/Ingest/PollerTests.cs", "Gateway.Tests/Log/LogStoreSuite.Migration.cs",
        // A load at a pace.
        "Gateway.Tests/Deliver/WebSocket/ManySocketsTests.cs",
    ];

    [Fact]
    public void Tests_Waiting_IsForASignal()
    {
        Regex sleeping = new(@"\bThread\.Sleep\(|\bTask\.Delay\((?!.*Infinite)|\bPeriodicTimer\b", RegexOptions.CultureInvariant);

        Violations.None(FileShapeTests.Find(sleeping, file =>
            file.RelativePath.StartsWith("Gateway.Tests/", StringComparison.Ordinal) && !TestsThatPassTime.Any(place => file.RelativePath.StartsWith(place, StringComparison.Ordinal)) ? file.CodeLines : []));
    }
}
