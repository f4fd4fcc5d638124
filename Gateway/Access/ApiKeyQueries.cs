using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>A key as lists show it: everything but the key.</summary>
internal sealed record ApiKeyInfo(long Id, ApiKeySettings Settings, long? RevokedAtMs, long? LastUsedAtMs, long CreatedAtMs);

/// <summary>Reads keys for people; what decides about a request is read elsewhere.</summary>
internal sealed class ApiKeyQueries(IDatabase database)
{
    public const string SettingsColumns = "name, is_admin, scopes, expires_at_ms, rate_per_second, rate_burst";

    public async Task<IReadOnlyList<ApiKeyInfo>> ListAsync(int limit, long offset, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, "ORDER BY id LIMIT @limit OFFSET @offset", cancellation, ("@limit", limit), ("@offset", offset));
    }

    public async Task<long> CountAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM api_keys";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<ApiKeyInfo?> FindAsync(long id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var found = await ReadAsync(connection, "WHERE id = @id", cancellation, ("@id", id));
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The <see cref="SettingsColumns"/> from that column on.</summary>
    public static ApiKeySettings ReadSettings(DbDataReader reader, int column) => new(
        reader.GetString(column),
        reader.GetInt64(column + 1) != 0,
        reader.IsDBNull(column + 2) ? null : reader.GetString(column + 2),
        NullableNumber(reader, column + 3),
        (int?)NullableNumber(reader, column + 4),
        (int?)NullableNumber(reader, column + 5));

    private static async Task<List<ApiKeyInfo>> ReadAsync(
        DbConnection connection, string condition, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT id, {SettingsColumns}, revoked_at_ms, last_used_at_ms, created_at_ms FROM api_keys {condition}";
        foreach (var (name, value) in parameters) command.AddParameter(name, value);
        var list = new List<ApiKeyInfo>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            list.Add(new ApiKeyInfo(reader.GetInt64(0), ReadSettings(reader, 1), NullableNumber(reader, 7), NullableNumber(reader, 8), reader.GetInt64(9)));
        return list;
    }

    private static long? NullableNumber(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);
}
