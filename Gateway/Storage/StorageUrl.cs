namespace Gateway.Storage;

/// <summary>
/// Where the log lives: a data folder (SQLite) or <c>mysql://user:password@host:port/name</c>. <see cref="ToString"/> leaves the password out,
/// so that the value may be logged.
/// </summary>
internal sealed record StorageUrl
{
    /// <summary>The file in the data folder that holds everything in the embedded default.</summary>
    public const string SqliteFileName = "gateway.db";

    private const ushort DefaultMySqlPort = 3306;

    private StorageUrl()
    {
    }

    /// <summary>Set for SQLite, null for MySQL.</summary>
    public string? SqlitePath { get; private init; }

    public string Host { get; private init; } = "";
    public ushort Port { get; private init; }
    public string User { get; private init; } = "";
    public string Password { get; private init; } = "";
    public string DatabaseName { get; private init; } = "";

    public bool IsSqlite => SqlitePath is not null;

    public static StorageUrl InFolder(string dataFolder) => new() { SqlitePath = Path.Combine(dataFolder, SqliteFileName) };

    /// <summary>Null with the reason when the text is not a database URL. The reason never repeats the text: it may hold a password.</summary>
    public static StorageUrl? TryParse(string text, out string reason)
    {
        reason = "a database is given as mysql://user:password@host:port/name";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("mysql" or "mariadb")) return null;
        var name = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (uri.Host.Length == 0 || name.Length == 0 || name.Contains('/')) return null;
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            reason = "a database URL has no query or fragment; percent-encode ? and # in the password";
            return null;
        }

        var colon = uri.UserInfo.IndexOf(':');
        var user = colon < 0 ? uri.UserInfo : uri.UserInfo[..colon];
        if (user.Length == 0) return null;
        return new()
        {
            Host = uri.Host.Trim('[', ']'),
            Port = uri.Port > 0 ? (ushort)uri.Port : DefaultMySqlPort,
            User = Uri.UnescapeDataString(user),
            Password = colon < 0 ? "" : Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]),
            DatabaseName = name,
        };
    }

    public override string ToString() => SqlitePath ?? $"mysql://{User}@{Host}:{Port}/{DatabaseName}";
}
