using System.Net.Sockets;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>What an error of the driver or the server means for a batch.</summary>
internal static class MySqlErrors
{
    // Not named by the driver.
    private const MySqlErrorCode Signal = (MySqlErrorCode)1644;
    private const MySqlErrorCode MariaDbConstraint = (MySqlErrorCode)4025;
    private const MySqlErrorCode MySqlConstraint = (MySqlErrorCode)3819;

    /// <summary>True for everything the state of the database or the network can cause; anything else is a bug and goes up.</summary>
    public static bool IsOfDatabase(Exception error) =>
        error is MySqlException or IOException or SocketException or ObjectDisposedException or MySqlProtocolException or TimeoutException;

    public static bool IsDuplicateKey(Exception error) => error is MySqlException { ErrorCode: MySqlErrorCode.DuplicateKeyEntry };

    /// <summary>The engine refused values; only the statement is undone, the transaction stands.</summary>
    public static bool IsOfData(Exception error) => IsOfDatabase(error) && Classify(error) == BatchOutcome.DataRefused;

    public static BatchOutcome Classify(Exception error) => error is MySqlException mysql ? Classify(mysql.ErrorCode) : BatchOutcome.Retry;

    private static BatchOutcome Classify(MySqlErrorCode code) => code switch
    {
        MySqlErrorCode.DataTooLong
            or MySqlErrorCode.TruncatedWrongValueForField
            or MySqlErrorCode.TruncatedWrongValue
            or MySqlErrorCode.WarningDataOutOfRange
            or MySqlErrorCode.WarningDataTruncated
            or MySqlErrorCode.ColumnCannotBeNull
            or MySqlErrorCode.CannotConvertString
            or MySqlErrorCode.PacketTooLarge
            or MySqlErrorCode.TooBigRowSize
            // A trigger or constraint of the operator's.
            or Signal
            or MariaDbConstraint
            or MySqlConstraint => BatchOutcome.DataRefused,

        // A demoted or read-only server, a missing schema or right, a full disk: the same batch will not pass until somebody acts.
        MySqlErrorCode.OptionPreventsStatement
            or MySqlErrorCode.CannotExecuteInReadOnlyTransaction
            or MySqlErrorCode.NoSuchTable
            or MySqlErrorCode.BadFieldError
            or MySqlErrorCode.UnknownDatabase
            or MySqlErrorCode.AccessDenied
            or MySqlErrorCode.DatabaseAccessDenied
            or MySqlErrorCode.TableAccessDenied
            or MySqlErrorCode.UnableToConnectToHost
            or MySqlErrorCode.ConnectionCountError
            or MySqlErrorCode.TooManyUserConnections
            or MySqlErrorCode.ServerShutdown
            or MySqlErrorCode.DiskFull
            or MySqlErrorCode.RecordFileFull => BatchOutcome.Unavailable,

        // Deadlock, lock time-out, lost connection, request time-out, and whatever has no name here: the committer bounds the tries.
        _ => BatchOutcome.Retry,
    };
}
