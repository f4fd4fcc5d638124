using Gateway.Log;
using Gateway.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Log;

/// <summary>A migrated, empty database of one engine and what the suite needs to do with it beyond the store's own calls.</summary>
internal abstract class LogStoreFixture : IAsyncDisposable
{
    /// <summary>Update id of which the engine refuses the event (a trigger installed by <see cref="InstallTriggersAsync"/>).</summary>
    public const long PoisonUpdateId = 666_000;

    /// <summary>Telegram message id of which the engine refuses the message row.</summary>
    public const long PoisonMessageId = 666_001;

    /// <summary>Telegram chat id of which the engine refuses the chat's row.</summary>
    public const long PoisonChatId = -666_002;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public abstract IDatabase Database { get; }

    public abstract ILogStore Store { get; }

    public abstract IMessageStore Messages { get; }

    /// <summary>A second store on the same database, as another process would have.</summary>
    public abstract ILogStore OpenAnother();

    public abstract Task InstallTriggersAsync();

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Each row's columns as invariant text, null for NULL.</summary>
    public async Task<List<List<string?>>> RowsAsync(string sql)
    {
        await using var connection = await Database.OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<List<string?>>();
        while (await reader.ReadAsync())
        {
            var row = new List<string?>(reader.FieldCount);
            for (var i = 0; i < reader.FieldCount; i++)
                row.Add(await reader.IsDBNullAsync(i) ? null : Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture));
            rows.Add(row);
        }

        return rows;
    }

    public async Task<string?> ScalarAsync(string sql) => (await RowsAsync(sql))[0][0];

    public abstract ValueTask DisposeAsync();
}
