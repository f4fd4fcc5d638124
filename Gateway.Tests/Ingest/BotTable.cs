using Gateway.Access;
using Gateway.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ingest;

/// <summary>A migrated SQLite database with bots in it.</summary>
internal sealed class BotTable : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-ingest-");

    private BotTable() => Database = new SqliteDatabase(Path.Combine(folder.FullName, "gateway.db"));

    public SqliteDatabase Database { get; }

    public SecretBox Secrets { get; } = new(new KeyRing(MasterKey.Create()));

    public static async Task<BotTable> CreateAsync()
    {
        var table = new BotTable();
        await new Migrator(table.Database, new FakeTimeProvider()).MigrateAsync(default);
        return table;
    }

    public Task AddAsync(long telegramId, string token, string secret, string mode = "webhook", string? secretToken = null, string? baseUrl = null) =>
        ExecuteAsync(
            """
            INSERT INTO bots (telegram_id, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, secret_token_hash, mode, base_url, created_at_ms)
            VALUES (@telegram, @tokenHash, @tokenCipher, @secretHash, @secretCipher, @secretToken, @mode, @baseUrl, 0)
            """,
            ("@telegram", telegramId),
            ("@tokenHash", SecretHash.Of(token)),
            ("@tokenCipher", Secrets.Seal(token, SecretBox.BotToken(telegramId))),
            ("@secretHash", SecretHash.Of(secret)),
            ("@secretCipher", Secrets.Seal(secret, SecretBox.WebhookSecret(telegramId))),
            ("@secretToken", secretToken is null ? null : SecretHash.Of(secretToken)),
            ("@mode", mode),
            ("@baseUrl", baseUrl));

    public async Task ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var connection = await Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.AddParameter(name, value);
        }

        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
