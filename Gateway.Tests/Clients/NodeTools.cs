using System.Diagnostics;
using Gateway.Tests.Repository;

namespace Gateway.Tests.Clients;

/// <summary>Runs the tools that <c>Clients/openapi/package.json</c> names. <c>test.sh</c> installs them.</summary>
internal static class NodeTools
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static string Folder { get; } = Path.Combine(RepositoryRoot.Folder, "Gateway.Tests", "Clients", "openapi");

    /// <summary>A package's own command, as <c>redocly</c>.</summary>
    public static Task<string> RunPackageAsync(string command, params string[] arguments) =>
        RunAsync([Path.Combine(Folder, "node_modules", ".bin", command), .. arguments]);

    /// <summary>Runs a script in the folder to its end and answers what it printed; throws with everything it said when it fails.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        Assert.True(Directory.Exists(Path.Combine(Folder, "node_modules")), "The packages are missing: npm ci in Gateway.Tests/Clients/openapi, or ./test.sh.");
        ProcessStartInfo info = new("node", arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // The linter would otherwise tell its maker that it ran, and ask for a newer one.
        info.Environment["REDOCLY_TELEMETRY"] = "off";
        info.Environment["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true";
        info.Environment["NO_COLOR"] = "1";
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = new(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
        return await output;
    }
}
