using Gateway.Storage;

namespace Gateway.Access;

/// <summary>
/// Tells a process that was given another deployment's master key. It could receive, but it would answer 401 to every API key, which tells
/// clients for good not to come back, and open no bot token.
/// </summary>
internal static class MasterKeyCheck
{
    /// <summary>True when there are sealed bot tokens and all of them were sealed under another key; single ones are reported bot by bot.</summary>
    public static async Task<bool> IsAnotherAsync(IDatabase database, KeyRing keys, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT telegram_id, token_cipher FROM bots WHERE mode <> 'removed'";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var secrets = new SecretBox(keys);
        var others = 0;
        while (await reader.ReadAsync(cancellation))
        {
            if (secrets.Open(reader.GetFieldValue<byte[]>(1), SecretBox.BotToken(reader.GetInt64(0)), out _) != SecretBoxStatus.OtherMasterKey) return false;
            others++;
        }

        return others > 0;
    }
}
