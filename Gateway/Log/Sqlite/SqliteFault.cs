using SQLitePCL;

namespace Gateway.Log.Sqlite;

/// <summary>An error of the engine, on its way from a statement to the store's boundary, which makes an outcome of it.</summary>
internal sealed class SqliteFault(int code, string message) : Exception(message)
{
    public int Code { get; } = code;

    private int Primary => Code & 0xff;

    /// <summary>The engine refused the values of this statement; only the statement is undone, the transaction stands.</summary>
    public bool IsOfData => Primary is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_RANGE;

    public BatchOutcome Outcome => Primary switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_INTERRUPT => BatchOutcome.Retry,
        _ when IsOfData => BatchOutcome.DataRefused,
        _ => BatchOutcome.Unavailable,
    };
}
