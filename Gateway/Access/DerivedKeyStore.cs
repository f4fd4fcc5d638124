using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <param name="Cipher">Sealed with <see cref="SecretBox"/> under the master key of its time.</param>
internal sealed record DerivedKeyRow(string Purpose, long KeyId, byte[] Cipher, long RetiredAtMs)
{
    public string Context => SecretBox.DerivedKey(Purpose, (uint)KeyId);
}

/// <summary>The table <c>derived_keys</c>: what earlier master keys leave behind, and the sealed mark of the current one.</summary>
internal static class DerivedKeyStore
{
    /// <summary>Purpose and text of the mark: a row that only the master key in use opens, so that another one is noticed even before there is a bot.</summary>
    public const string Mark = "master-key";

    /// <summary>The ring with all retired keys that it can open. Those of other master keys are left out; <see cref="MasterKeyCheck"/> tells of them.</summary>
    public static async Task<KeyRing> LoadAsync(IDatabase database, KeyRing keys, TimeProvider time, CancellationToken cancellation)
    {
        var box = new SecretBox(keys);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var retired = new List<RetiredKey>();
        foreach (var row in await ReadAsync(database, cancellation))
        {
            if (row.Purpose == Mark || IsOver(row, now)) continue;
            if (box.Open(row.Cipher, row.Context, out var text) == SecretBoxStatus.Opened) retired.Add(new(row.Purpose, (uint)row.KeyId, Convert.FromBase64String(text)));
        }

        return retired.Count == 0 ? keys : keys.With(retired);
    }

    /// <summary>Nothing that was made with it is valid any longer.</summary>
    public static bool IsOver(DerivedKeyRow row, long nowMs) => row.Purpose switch
    {
        RetiredKey.TokenSigning => nowMs - row.RetiredAtMs > (long)Limits.Access.RetiredSigningKey.TotalMilliseconds,
        RetiredKey.OpaqueTokenTag => nowMs - row.RetiredAtMs > (long)(Limits.Access.RetiredSigningKey + Limits.Access.RefreshTokenLife).TotalMilliseconds,
        _ => false,
    };

    public static async Task<IReadOnlyList<DerivedKeyRow>> ReadAsync(IDatabase database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT purpose, key_id, cipher, retired_at_ms FROM derived_keys ORDER BY retired_at_ms DESC";
        var rows = new List<DerivedKeyRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add(new(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetInt64(3)));
        return rows;
    }

    /// <summary>Writes the mark of the ring's master key, in place of any other.</summary>
    public static async Task MarkAsync(ControlCommands commands, KeyRing keys, long nowMs)
    {
        await commands.ExecuteAsync("DELETE FROM derived_keys WHERE purpose = @purpose", ("@purpose", Mark));
        await SaveAsync(commands, Mark, 0, new SecretBox(keys).Seal(Mark, SecretBox.DerivedKey(Mark, 0)), nowMs);
    }

    public static Task<int> DeleteAsync(ControlCommands commands, DerivedKeyRow row) =>
        commands.ExecuteAsync("DELETE FROM derived_keys WHERE purpose = @purpose AND key_id = @id", ("@purpose", row.Purpose), ("@id", row.KeyId));

    public static Task<int> SaveAsync(ControlCommands commands, string purpose, long keyId, byte[] cipher, long nowMs) =>
        commands.ExecuteAsync(
            "INSERT INTO derived_keys (purpose, key_id, cipher, retired_at_ms) VALUES (@purpose, @id, @cipher, @now)",
            ("@purpose", purpose),
            ("@id", keyId),
            ("@cipher", cipher),
            ("@now", nowMs));
}
