using System.Net;
using System.Net.Sockets;
using MySqlConnector;

namespace Gateway.Tests.Support;

/// <summary>
/// A MariaDB of the test's own: a free loopback port, a temporary data folder, every commit synced. It can be stopped,
/// killed, frozen and started again on the same port and folder. The privileged account is <c>root</c> without password on
/// loopback; gateways use the account in <see cref="UrlOf"/>, which is no superuser, so that <c>read_only</c> binds it.
/// </summary>
internal sealed class MariaDbServer : IAsyncDisposable
{
    private const string ReadyLine = "ready for connections";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static int s_databases;

    private readonly string folder;
    private readonly string[] extraArguments;
    private ChildProcess? process;

    private MariaDbServer(string folder, int port, string[] extraArguments)
    {
        this.folder = folder;
        this.extraArguments = extraArguments;
        Port = port;
    }

    public int Port { get; }

    // Servers that share one delete each other's temporary tables: their names are only a process id and a counter.
    private string TemporaryFolder => Directory.CreateDirectory(Path.Combine(folder, "tmp")).FullName;

    public string DataFolder => Path.Combine(folder, "data");

    public static async Task<MariaDbServer> StartAsync(params string[] extraArguments)
    {
        string folder = Directory.CreateTempSubdirectory("gateway-mariadb-").FullName;
        var server = new MariaDbServer(folder, FreePort(), extraArguments);
        await server.InstallAsync();
        await server.StartAgainAsync();
        await server.ExecuteAsync("CREATE USER 'gateway'@'%' IDENTIFIED BY 'p@ss word'; GRANT ALL PRIVILEGES ON *.* TO 'gateway'@'%'; "
            + "REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM 'gateway'@'%'");
        return server;
    }

    /// <summary>What a gateway is given; the password needs percent-encoding on purpose.</summary>
    public string UrlOf(string database, int? port = null) => $"mysql://gateway:p%40ss%20word@127.0.0.1:{port ?? Port}/{database}";

    /// <summary>Makes an empty database and answers its name.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"gateway_{Environment.ProcessId}_{Interlocked.Increment(ref s_databases)}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return name;
    }

    public async Task ExecuteAsync(string sql, string database = "mysql")
    {
        await using MySqlConnection connection = await OpenAsync(database);
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A privileged connection that does not go through the gateway's code.</summary>
    public async Task<MySqlConnection> OpenAsync(string database)
    {
        var connection = new MySqlConnection($"Server=127.0.0.1;Port={Port};User ID=root;Database={database};Pooling=false;Allow User Variables=true");
        await connection.OpenAsync();
        return connection;
    }

    public async Task StartAgainAsync() =>
        process = await ChildProcess.StartAsync(Program("mariadbd"), [
            "--no-defaults", $"--datadir={DataFolder}", $"--port={Port}", "--bind-address=127.0.0.1",
            $"--socket={Path.Combine(folder, "s")}", $"--pid-file={Path.Combine(folder, "pid")}",
            "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M", "--skip-name-resolve", "--max-connections=200",
            "--performance-schema=off", $"--tmpdir={TemporaryFolder}", .. UserArgument(), .. extraArguments], ReadyLine, StartLimit);

    /// <summary>An orderly stop: the port then refuses.</summary>
    public async Task StopAsync()
    {
        await Running.StopAsync(StopLimit);
        process = null;
    }

    /// <summary>kill -9, as a power cut would.</summary>
    public void Kill()
    {
        Running.Kill();
        Running.Dispose();
        process = null;
    }

    public void Freeze() => Running.Freeze();

    public void Thaw() => Running.Thaw();

    /// <summary>Stops, copies the data folder aside, starts again.</summary>
    public async Task BackUpAsync()
    {
        await StopAsync();
        CopyFolder(DataFolder, Path.Combine(folder, "backup"));
        await StartAgainAsync();
    }

    /// <summary>Kills the server and starts it on the copy, as an operator does who restores a backup.</summary>
    public async Task RestoreAsync()
    {
        Kill();
        Directory.Delete(DataFolder, recursive: true);
        CopyFolder(Path.Combine(folder, "backup"), DataFolder);
        await StartAgainAsync();
    }

    public ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            Kill();
        }

        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private ChildProcess Running => process ?? throw new InvalidOperationException("the server is not running");

    private async Task InstallAsync()
    {
        var start = new System.Diagnostics.ProcessStartInfo(Program("mariadb-install-db")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["--no-defaults", $"--datadir={DataFolder}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--innodb-log-file-size=16M", $"--tmpdir={TemporaryFolder}", .. UserArgument()])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = System.Diagnostics.Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"mariadb-install-db failed:\n{output}\n{await errors}");
        }
    }

    private static string[] UserArgument() => Environment.UserName == "root" ? ["--user=root"] : [];

    private static string Program(string name)
    {
        foreach (string folder in (string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin"])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new InvalidOperationException($"{name} is not installed: apt-get install mariadb-server, or run the fast subset of the tests.");
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
