using System.Globalization;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Storage;

/// <param name="IsError">The gateway must not or cannot keep its promise like this; otherwise a warning.</param>
/// <param name="Setting">The server variable, or <c>version</c>.</param>
/// <param name="Message">For people: what is, what it means, what to do.</param>
internal sealed record StorageFinding(bool IsError, string Setting, string Message);

/// <summary>
/// What a MySQL or MariaDB server's settings mean for "durable before acknowledged" (law L1): asked at start and by <c>doctor</c>.
/// An empty list is a good server.
/// </summary>
internal static class MySqlChecks
{
    private const string Query = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog', "
        + "'read_only', 'super_read_only', 'wsrep_on', 'max_allowed_packet')";

    /// <summary>Throws <see cref="System.Data.Common.DbException"/> when the database is away.</summary>
    public static async ValueTask<IReadOnlyList<StorageFinding>> FindAsync(MySqlDatabase database, CancellationToken cancellation)
    {
        var variables = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using MySqlConnection connection = await database.OpenPooledAsync(cancellation);
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = Query;
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) variables[reader.GetString(0)] = reader.GetString(1);
        return Judge(variables);
    }

    /// <summary>The findings for these server variables; a variable the server does not have is left out.</summary>
    public static IReadOnlyList<StorageFinding> Judge(IReadOnlyDictionary<string, string> variables)
    {
        var findings = new List<StorageFinding>();
        string Value(string name) => variables.GetValueOrDefault(name, "");
        bool IsOn(string name) => Value(name) is "ON" or "1";
        void Error(string setting, string message) => findings.Add(new StorageFinding(true, setting, message));
        void Warning(string setting, string message) => findings.Add(new StorageFinding(false, setting, message));

        if (Value("version") is { Length: > 0 } version && !IsSupported(version))
            Error("version", $"{version} is older than MySQL 8.0 and MariaDB 10.6; nothing is tested on it");
        if (Value("innodb_flush_log_at_trx_commit") is { Length: > 0 } flush && flush != "1")
            Error("innodb_flush_log_at_trx_commit", $"is {flush}: the server says a commit is durable before it is on disk, so a crash loses updates that Telegram was told to forget. Set it to 1");
        if (IsOn("log_bin") && Value("sync_binlog") is { Length: > 0 } sync && sync != "1")
            Warning("sync_binlog", $"is {sync} with the binary log on: after a crash replicas can miss or have commits that the primary does not, and a failover then loses acknowledged updates. Set it to 1");
        if (IsOn("read_only") || IsOn("super_read_only"))
            Error("read_only", "is on: this is a replica or a demoted primary; nothing can be stored. Point the gateway at the writable primary");
        if (IsOn("wsrep_on"))
            Warning("wsrep_on", "is on (Galera): the head lock orders commits only on one node. Send every gateway to the same node; a commit that another node overtakes is tried again");
        if (long.TryParse(Value("max_allowed_packet"), CultureInfo.InvariantCulture, out long packet) && packet < Limits.Storage.MySqlPacketBytes)
            Error("max_allowed_packet", $"is {packet}: a full batch needs {Limits.Storage.MySqlPacketBytes}; large updates would be refused. Raise it");
        return findings;
    }

    /// <summary><c>10.11.6-MariaDB-…</c>, <c>8.4.3</c>, and MariaDB's old disguise <c>5.5.5-10.6.2-MariaDB</c>.</summary>
    private static bool IsSupported(string version)
    {
        bool isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        string number = version.StartsWith("5.5.5-", StringComparison.Ordinal) ? version[6..] : version;
        string[] parts = number.Split('.', '-');
        if (parts.Length < 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out int major) || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out int minor))
            return true; // A name this program cannot read says nothing against the server.
        return isMariaDb ? major > 10 || (major == 10 && minor >= 6) : major >= 8;
    }
}
