using System.Data;
using System.Data.Common;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Storage;

/// <summary>
/// MySQL 8+ or MariaDB 10.6+. A pooled session is reset and set up each time it is taken, two small requests: so nobody inherits an
/// open transaction, and a session that died in the pool is noticed and replaced before it is used.
/// </summary>
internal sealed class MySqlDatabase : IDatabase
{
    public const string DialectName = "mysql";

    private static readonly string PooledSetUp = MySqlSession.SetUp + MySqlSession.WaitTimeout(Limits.Storage.MySqlPooledIdle);

    private readonly MySqlDataSource pool;

    public MySqlDatabase(StorageUrl url)
    {
        Url = url;
        MySqlConnectionStringBuilder settings = Settings(url);
        settings.Pooling = true;
        settings.MaximumPoolSize = Limits.Storage.MySqlPoolConnections;
        settings.ConnectionReset = true;
        pool = new MySqlDataSourceBuilder(settings.ConnectionString)
            .UseConnectionOpenedCallback(static (context, cancellation) => ExecuteAsync(context.Connection, PooledSetUp, cancellation))
            .Build();
    }

    public StorageUrl Url { get; }

    public string Dialect => DialectName;

    public string LastInsertId => "LAST_INSERT_ID()";

    public string ForUpdate => " FOR UPDATE";

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation) => await OpenPooledAsync(cancellation);

    public ValueTask<MySqlConnection> OpenPooledAsync(CancellationToken cancellation) => pool.OpenConnectionAsync(cancellation);

    /// <summary>A connection of the caller's own, outside the pool, not yet open: the committer's.</summary>
    public MySqlConnection CreateOwn()
    {
        MySqlConnectionStringBuilder settings = Settings(Url);
        settings.Pooling = false;
        return new MySqlConnection(settings.ConnectionString);
    }

    public async ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellation)
    {
        // A committer may have to wait for a row that this locks (a migrating chat's), and holds the head meanwhile: frozen in here, this
        // process must cost the others no more than frozen in a commit. The next one to take the session sets its idle time anew.
        await ExecuteAsync((MySqlConnection)connection, MySqlSession.WaitTimeout(Limits.Storage.MySqlFrozen), cancellation);
        return await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    private static MySqlConnectionStringBuilder Settings(StorageUrl url) => new()
    {
        Server = url.Host,
        Port = url.Port,
        UserID = url.User,
        Password = url.Password,
        Database = url.DatabaseName,
        // TLS where the server offers it. Without TLS, MySQL 8's default authentication needs the server's public key once.
        SslMode = MySqlSslMode.Preferred,
        AllowPublicKeyRetrieval = true,
        AllowUserVariables = false,
        UseAffectedRows = false,
        ConnectionTimeout = (uint)Limits.Storage.MySqlConnect.TotalSeconds,
        DefaultCommandTimeout = (uint)Limits.Storage.MySqlCommand.TotalSeconds,
        // A command that ran out of time: close the socket at once instead of asking a silent server to cancel.
        CancellationTimeout = -1,
        Keepalive = 30,
        ApplicationName = "telegram-bot-gateway",
    };

    private static async ValueTask ExecuteAsync(MySqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
