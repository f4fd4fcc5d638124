using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>One sealed secret of a bot. Bots are the only ones whose secrets the gateway must be able to read again.</summary>
internal sealed record SealedSecret(long BotId, string Column, string Context, byte[] Cipher)
{
    /// <summary>The one of its secrets without which a bot cannot work.</summary>
    public bool IsToken => Column == SealedBots.Token;

    /// <summary>The column as people call it.</summary>
    public string Name => Column[..^"_cipher".Length].Replace('_', ' ');
}

/// <summary>Reads the sealed columns of <c>bots</c> page by page.</summary>
internal static class SealedBots
{
    public const string Token = "token_cipher";
    private const string WebhookSecret = "webhook_secret_cipher";
    private const string SecretToken = "secret_token_cipher";

    /// <summary>Empty after the last bot. A removed bot has nothing sealed.</summary>
    public static async Task<IReadOnlyList<SealedSecret>> ReadAsync(IDatabase database, long afterBotId, int bots, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT id, telegram_id, {Token}, {WebhookSecret}, {SecretToken} FROM bots WHERE id > @after AND mode <> 'removed' ORDER BY id LIMIT {bots}";
        command.AddParameter("@after", afterBotId);
        var found = new List<SealedSecret>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var telegramId = reader.GetInt64(1);
            found.Add(new(reader.GetInt64(0), Token, SecretBox.BotToken(telegramId), Bytes(reader, 2)));
            found.Add(new(reader.GetInt64(0), WebhookSecret, SecretBox.WebhookSecret(telegramId), Bytes(reader, 3)));
            if (!reader.IsDBNull(4)) found.Add(new(reader.GetInt64(0), SecretToken, SecretBox.SecretToken(telegramId), Bytes(reader, 4)));
        }

        return found;
    }

    /// <summary>False when somebody changed it meanwhile: a newer token must not be overwritten with the older one.</summary>
    public static async Task<bool> ReplaceAsync(ControlCommands commands, SealedSecret secret, byte[] cipher) =>
        await commands.ExecuteAsync(
            $"UPDATE bots SET {secret.Column} = @new WHERE id = @id AND {secret.Column} = @old",
            ("@new", cipher),
            ("@id", secret.BotId),
            ("@old", secret.Cipher)) > 0;

    private static byte[] Bytes(DbDataReader reader, int column) => reader.IsDBNull(column) ? [] : reader.GetFieldValue<byte[]>(column);
}
