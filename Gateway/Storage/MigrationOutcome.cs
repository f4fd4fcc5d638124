namespace Gateway.Storage;

internal enum MigrationStatus
{
    /// <summary>The schema is the one this program knows; nothing or something was applied.</summary>
    Ready,

    /// <summary>A newer program migrated this database. This one must not write to what it does not understand: refuse to start.</summary>
    SchemaTooNew,

    /// <summary>Only looked at, and older than this program knows.</summary>
    SchemaOld,

    /// <summary>The database does not answer, or another process holds the migration lock for too long.</summary>
    Unavailable,
}

/// <param name="FromVersion">The schema found; 0 for an empty database.</param>
/// <param name="ToVersion">The newest schema this program knows.</param>
/// <param name="Reason">For people; set on any status but Ready. Holds no secret.</param>
internal sealed record MigrationOutcome(MigrationStatus Status, int FromVersion, int ToVersion, string? Reason)
{
    public bool IsReady => Status == MigrationStatus.Ready;

    public int Applied => IsReady ? ToVersion - FromVersion : 0;
}
