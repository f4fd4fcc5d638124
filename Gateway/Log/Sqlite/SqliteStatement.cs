using System.Text;
using SQLitePCL;

namespace Gateway.Log.Sqlite;

/// <summary>A prepared statement, bound by position, without the objects that ADO.NET makes per call.</summary>
internal sealed class SqliteStatement(SqliteSession session, sqlite3_stmt handle) : IDisposable
{
    public SqliteStatement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(handle, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    /// <summary>Zero, which no gateway id is, becomes NULL.</summary>
    public SqliteStatement BindId(int index, long id) => id == 0 ? BindNull(index) : Bind(index, id);

    public SqliteStatement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(handle, index));
        return this;
    }

    public SqliteStatement BindUtf8(int index, ReadOnlySpan<byte> text)
    {
        // An empty span has no address, and SQLite takes a text without an address for NULL.
        Check(text.IsEmpty ? raw.sqlite3_bind_text(handle, index, "") : raw.sqlite3_bind_text(handle, index, text));
        return this;
    }

    public SqliteStatement Bind(int index, string? text)
    {
        if (text is null) return BindNull(index);
        if (text.Length > 128)
        {
            Check(raw.sqlite3_bind_text(handle, index, text));
            return this;
        }

        Span<byte> buffer = stackalloc byte[128 * 3];
        return BindUtf8(index, buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
    }

    public SqliteStatement BindBlob(int index, ReadOnlySpan<byte> bytes)
    {
        Check(bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, index, 0) : raw.sqlite3_bind_blob(handle, index, bytes));
        return this;
    }

    /// <summary>True when there is a row; after false the statement is ready for its next use.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE)
        {
            Reset();
            return false;
        }

        var fault = session.FaultOf(code);
        Reset();
        throw fault;
    }

    /// <summary>Runs to the end and answers the number of rows changed.</summary>
    public int Run()
    {
        while (Step())
        {
        }

        return session.Changes;
    }

    /// <summary>The first column of the first row, or null.</summary>
    public long? Scalar()
    {
        if (!Step()) return null;
        long? value = IsNull(0) ? null : Int64(0);
        Reset();
        return value;
    }

    // Its code repeats the last step's, which was dealt with there.
    public void Reset() => raw.sqlite3_reset(handle);

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    /// <summary>A blob or a text with all its bytes; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    public void Dispose() => handle.manual_close();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw session.FaultOf(code);
    }
}
