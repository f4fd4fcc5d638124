namespace Gateway.Storage;

/// <summary>Opens the control side of the database that the URL names.</summary>
internal static class DatabaseFactory
{
    public static IDatabase Open(StorageUrl url) => url.SqlitePath is { } path
        ? new SqliteDatabase(path)
        : throw new NotSupportedException("This build has no MySQL store.");
}
