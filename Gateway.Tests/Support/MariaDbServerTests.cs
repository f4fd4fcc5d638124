using MySqlConnector;
using Xunit;

namespace Gateway.Tests.Support;

public sealed class MariaDbServerTests
{
    [Fact]
    public async Task MariaDbServer_KilledAndStartedAgain_KeepsWhatWasCommitted()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync();
        string database = await server.CreateDatabaseAsync();
        await server.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (1)", database);
        await server.BackUpAsync();
        await server.ExecuteAsync("INSERT INTO t VALUES (2)", database);

        server.Kill();
        await server.StartAgainAsync();
        Assert.Equal(2, await CountAsync(server, database));

        await server.RestoreAsync();
        Assert.Equal(1, await CountAsync(server, database));
    }

    [Fact]
    public async Task TcpProxy_CutsReplyOfCommit_CommitIsThereAndClientSeesLostConnection()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync();
        string database = await server.CreateDatabaseAsync();
        await server.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB", database);
        await using var proxy = new TcpProxy(server.Port) { OnPacket = p => TcpProxy.IsQueryWith(p, "COMMIT"u8) ? PacketFate.ForwardThenCutReply : PacketFate.Forward };

        await using (var connection = new MySqlConnection($"Server=127.0.0.1;Port={proxy.Port};User ID=root;Database={database};Pooling=false"))
        {
            await connection.OpenAsync();
            await using MySqlCommand command = connection.CreateCommand();
            command.CommandText = "BEGIN; INSERT INTO t VALUES (1)";
            await command.ExecuteNonQueryAsync();
            command.CommandText = "COMMIT";
            await Assert.ThrowsAsync<MySqlException>(command.ExecuteNonQueryAsync);
        }

        Assert.Equal(1, await CountAsync(server, database));
    }

    private static async Task<long> CountAsync(MariaDbServer server, string database)
    {
        await using MySqlConnection connection = await server.OpenAsync(database);
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM t";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
