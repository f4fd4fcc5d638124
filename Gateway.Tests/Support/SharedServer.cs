using MySqlConnector;

namespace Gateway.Tests.Support;

/// <summary>A server that somebody else runs (<c>GATEWAY_TEST_MYSQL</c>): fresh databases in it, dropped at the end.</summary>
internal sealed class SharedServer(Uri url)
{
    private readonly List<string> databases = [];

    public async Task<string> CreateUrlAsync()
    {
        string name = $"gateway_test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        lock (databases)
        {
            databases.Add(name);
        }

        return new UriBuilder(url) { Path = name }.Uri.AbsoluteUri;
    }

    public async Task DropAllAsync()
    {
        foreach (string name in databases)
        {
            await ExecuteAsync($"DROP DATABASE {name}");
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        string[] account = url.UserInfo.Split(':', 2);
        var settings = new MySqlConnectionStringBuilder
        {
            Server = url.Host,
            Port = url.Port > 0 ? (uint)url.Port : 3306,
            UserID = Uri.UnescapeDataString(account[0]),
            Password = account.Length > 1 ? Uri.UnescapeDataString(account[1]) : "",
            Pooling = false,
        };
        await using var connection = new MySqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
