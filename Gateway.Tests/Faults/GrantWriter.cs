using System.Globalization;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Tests.Faults;

/// <summary>
/// Changes grants in the gateway's database as a command in another process would, and sends no word of it to anybody: what a running gateway knows
/// then, it knows by looking at the control version.
/// </summary>
internal sealed class GrantWriter(IDatabase database, PrincipalId id) : IAsyncDisposable
{
    /// <param name="url">A <c>mysql://</c> address, or null for the SQLite file of the folder.</param>
    public static GrantWriter Open(string? url, string dataFolder, PrincipalId id) =>
        new(url is null ? new SqliteDatabase(Path.Combine(dataFolder, StorageUrl.SqliteFileName)) : new MySqlDatabase(StorageUrl.TryParse(url, out _)!), id);

    /// <param name="columns">What is granted: <c>chat_id</c> and so on.</param>
    public Task GrantAsync(string columns, string values) =>
        RunAsync($"INSERT INTO grants (principal_kind, principal_id, {columns}, can_read, can_send, can_manage, created_at_ms) VALUES ({(int)id.Kind}, {id.Id}, {values}, 1, 0, 0, 0)");

    public Task RevokeAsync(string condition) => RunAsync($"DELETE FROM grants WHERE principal_kind = {(int)id.Kind} AND principal_id = {id.Id} AND {condition}");

    /// <summary>Ends the key itself.</summary>
    public Task RevokeKeyAsync() => RunAsync($"UPDATE api_keys SET revoked_at_ms = 1 WHERE id = {id.Id}");

    public async Task<long> ChatIdAsync(long telegramChatId) =>
        await ControlTransaction.RunAsync(
            database,
            async commands => (await commands.ReadNumberAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT id FROM chats WHERE telegram_chat_id = {telegramChatId}")))!.Value,
            CancellationToken.None);

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private Task RunAsync(string sql) => ControlTransaction.RunAsync(database, commands => commands.ExecuteAsync(sql), CancellationToken.None);
}
