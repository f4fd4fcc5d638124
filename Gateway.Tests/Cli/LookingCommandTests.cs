using Gateway.Hosting;
using Gateway.Storage;

namespace Gateway.Tests.Cli;

/// <summary>Commands that only show: they work beside whatever else is at work, and change nothing.</summary>
public sealed class LookingCommandTests : IDisposable
{
    private static readonly string[] Commands =
    [
        "bot list", "bot show --id 1", "apikey list", "apikey show --id 1", "user list", "user show --name anna", "grant list", "grant list --key 1",
    ];

    private readonly GatewayProgram gateway = new();

    /// <summary>Regression: they opened the database to change it, and were refused or waited in vain.</summary>
    [Fact]
    public async Task Look_WhileTheMasterKeyIsReplacedAndAnotherWrites_Answers()
    {
        await SetUpAsync();
        await using var database = Open();
        using var alone = CommandLock.TryTakeAlone(gateway.DataFolder);
        await using var connection = await database.OpenAsync(default);
        await using var writing = await database.BeginWriteAsync(connection, default);
        foreach (var command in Commands) await DoneAsync(command);
    }

    [Fact]
    public async Task Look_WithASchemaOfBefore_SaysSoAndMigratesNothing()
    {
        await SetUpAsync();
        await using var database = Open();
        var before = await ScalarAsync(database, "DELETE FROM schema_migrations WHERE version = (SELECT MAX(version) FROM schema_migrations) RETURNING version") - 1;
        foreach (var command in Commands)
        {
            var refused = await gateway.RunAsync([.. command.Split(' '), "--json"]);
            Assert.Equal((1, "SCHEMA_OLD"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        }

        Assert.Equal(before, await ScalarAsync(database, "SELECT MAX(version) FROM schema_migrations"));
    }

    /// <summary>Regression: in a wrong folder they made a database and a master key, and found nothing in it.</summary>
    [Fact]
    public async Task Look_WhereThereIsNoDatabase_MakesNoneAndIsRefused()
    {
        foreach (var command in Commands)
        {
            var refused = await gateway.RunAsync([.. command.Split(' '), "--json"]);
            Assert.Equal((1, "NO_DATABASE"), (refused.ExitCode, refused.Json.GetProperty("code").GetString()));
        }

        Assert.False(Directory.Exists(gateway.DataFolder));
    }

    public void Dispose() => gateway.Dispose();

    private SqliteDatabase Open() => new(Path.Combine(gateway.DataFolder, StorageUrl.SqliteFileName));

    private async Task SetUpAsync()
    {
        await DoneAsync("bot add --token 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw --no-verify --base-url http://127.0.0.1:1");
        await DoneAsync("apikey create --name desk");
        await DoneAsync($"user add --name anna --role admin --password-file {gateway.FileOf("password", "correct horse battery")}");
        await DoneAsync("grant bot --key 1 --bot 1 --read");
    }

    private async Task DoneAsync(string command)
    {
        var answer = await gateway.RunAsync([.. command.Split(' '), "--json"]);
        Assert.True(answer.ExitCode == 0, $"{command}: {answer.Output}{answer.Errors}");
    }

    private static async Task<long> ScalarAsync(SqliteDatabase database, string sql)
    {
        await using var connection = await database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
