using System.Buffers.Text;
using System.Security.Cryptography;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Ingest;

/// <summary>How a bot's updates arrive: the values of <c>bots.mode</c>.</summary>
internal static class BotModes
{
    /// <summary>Telegram posts them to the receiver.</summary>
    public const string Webhook = "webhook";

    /// <summary>The gateway fetches them.</summary>
    public const string Poll = "poll";

    /// <summary>The bot was given back. The row stays for its history and retention, and comes alive again when the bot is added again.</summary>
    public const string Removed = "removed";
}

/// <summary>A bot as lists show it.</summary>
internal sealed record BotInfo(long Id, long TelegramId, string? Username, string? FirstName, string Mode, string? BaseUrl, long CreatedAtMs);

/// <param name="Mode">One of <see cref="BotModes"/>; null: webhook (a bot that is updated keeps its own).</param>
/// <param name="WebhookSecret">Null: one is made (a bot that is updated keeps its own).</param>
/// <param name="SecretToken">What Telegram sends in <c>X-Telegram-Bot-Api-Secret-Token</c>; null: the header is not checked.</param>
internal sealed record BotRegistration(long TelegramId, string Token, string? Mode)
{
    public string? Username { get; init; }
    public string? FirstName { get; init; }
    public string? WebhookSecret { get; init; }
    public string? SecretToken { get; init; }

    /// <summary>Null: the configured server (a bot that is updated keeps its own).</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Change the bot's token and settings if it is there already.</summary>
    public bool Update { get; init; }
}

internal enum AddBotStatus
{
    Added,
    Updated,

    /// <summary>Under this Telegram id; its token was not changed.</summary>
    AlreadyThere,

    /// <summary>Another bot has this webhook secret: the receiver could not tell them apart.</summary>
    SecretTaken,
}

internal sealed record AddBotOutcome(AddBotStatus Status, long Id, string WebhookSecret);

/// <summary>Adds, lists and removes bots. A bot is its Telegram id: adding it again gives the same gateway id and history.</summary>
internal sealed class BotAdministration(IDatabase database, SecretBox secrets, TimeProvider time)
{
    public Task<AddBotOutcome> AddAsync(BotRegistration bot, CancellationToken cancellation)
    {
        var secret = bot.WebhookSecret ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var id = await commands.ReadNumberAsync($"SELECT id FROM bots WHERE telegram_id = @telegram{database.ForUpdate}", ("@telegram", bot.TelegramId));
                var isActive = id is not null
                    && await commands.ReadNumberAsync("SELECT id FROM bots WHERE id = @id AND mode <> 'removed'", ("@id", id)) is not null;
                if (isActive && !bot.Update) return new AddBotOutcome(AddBotStatus.AlreadyThere, id!.Value, "");
                var holder = await commands.ReadNumberAsync("SELECT id FROM bots WHERE webhook_secret_hash = @hash", ("@hash", SecretHash.Of(secret)));
                if (holder is not null && holder != id) return new AddBotOutcome(AddBotStatus.SecretTaken, 0, "");

                if (isActive && bot.WebhookSecret is null)
                {
                    await commands.ExecuteAsync($"UPDATE bots SET {TokenColumns}, {KeptSettings} WHERE id = @id", [.. TokenValues(bot), ("@id", id)]);
                    return new AddBotOutcome(AddBotStatus.Updated, id!.Value, "");
                }

                if (id is not null)
                {
                    await commands.ExecuteAsync(
                        $"UPDATE bots SET {TokenColumns}, {(isActive ? KeptSettings : NewSettings)}, webhook_secret_hash = @secretHash, webhook_secret_cipher = @secretCipher WHERE id = @id",
                        [.. TokenValues(bot), .. SecretValues(bot, secret), ("@id", id)]);
                    return new AddBotOutcome(isActive ? AddBotStatus.Updated : AddBotStatus.Added, id.Value, secret);
                }

                return new AddBotOutcome(AddBotStatus.Added, await InsertAsync(commands, bot, secret), secret);
            },
            cancellation);
    }

    /// <summary>False when there is no such bot. Its secrets and grants go; its history stays as long as retention says.</summary>
    public Task<bool> RemoveAsync(long id, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                // Random bytes instead of hashes: the columns are unique and not null, and nothing hashes to these.
                var changed = await commands.ExecuteAsync(
                    "UPDATE bots SET mode = 'removed', token_hash = @none, token_cipher = @empty, webhook_secret_hash = @nothing, webhook_secret_cipher = @empty, "
                    + "secret_token_hash = NULL WHERE id = @id AND mode <> 'removed'",
                    ("@none", RandomNumberGenerator.GetBytes(SecretHash.LengthBytes)),
                    ("@nothing", RandomNumberGenerator.GetBytes(SecretHash.LengthBytes)),
                    ("@empty", Array.Empty<byte>()),
                    ("@id", id));
                if (changed == 0) return false;
                await commands.ExecuteAsync("DELETE FROM grants WHERE bot_id = @id OR chat_id IN (SELECT id FROM chats WHERE bot_id = @id)", ("@id", id));
                await commands.ExecuteAsync("DELETE FROM feedback_grants WHERE chat_id IN (SELECT id FROM chats WHERE bot_id = @id)", ("@id", id));
                return true;
            },
            cancellation);

    public async Task<IReadOnlyList<BotInfo>> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, telegram_id, username, first_name, mode, base_url, created_at_ms FROM bots WHERE mode <> 'removed' ORDER BY id";
        var list = new List<BotInfo>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            list.Add(new BotInfo(
                reader.GetInt64(0),
                reader.GetInt64(1),
                reader.IsDBNull(2) ? null : reader.GetString(2),
                reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.GetString(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.GetInt64(6)));
        }

        return list;
    }

    /// <summary>What an update does not name stays where losing it would open a door: the secret_token, above all.</summary>
    private const string TokenColumns =
        "token_hash = @tokenHash, token_cipher = @tokenCipher, secret_token_hash = COALESCE(@headerHash, secret_token_hash), "
        + "username = COALESCE(@username, username), first_name = COALESCE(@firstName, first_name)";

    private const string KeptSettings = "mode = COALESCE(@mode, mode), base_url = COALESCE(@baseUrl, base_url)";

    /// <summary>A bot that was given back begins anew.</summary>
    private const string NewSettings = "mode = COALESCE(@mode, 'webhook'), base_url = @baseUrl";

    private Task<long> InsertAsync(ControlCommands commands, BotRegistration bot, string secret) =>
        commands.InsertAsync(
            "INSERT INTO bots (telegram_id, username, first_name, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, "
            + "secret_token_hash, mode, base_url, created_at_ms) VALUES (@telegram, @username, @firstName, @tokenHash, @tokenCipher, @secretHash, "
            + "@secretCipher, @headerHash, COALESCE(@mode, 'webhook'), @baseUrl, @now)",
            [
                .. TokenValues(bot),
                .. SecretValues(bot, secret),
                ("@telegram", bot.TelegramId),
                ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()),
            ]);

    private (string Name, object? Value)[] TokenValues(BotRegistration bot) =>
    [
        ("@tokenHash", SecretHash.Of(bot.Token)),
        ("@tokenCipher", secrets.Seal(bot.Token, SecretBox.BotToken(bot.TelegramId))),
        ("@headerHash", bot.SecretToken is null ? null : SecretHash.Of(bot.SecretToken)),
        ("@mode", bot.Mode),
        ("@baseUrl", bot.BaseUrl),
        ("@username", bot.Username),
        ("@firstName", bot.FirstName),
    ];

    private (string Name, object? Value)[] SecretValues(BotRegistration bot, string secret) =>
    [
        ("@secretHash", SecretHash.Of(secret)),
        ("@secretCipher", secrets.Seal(secret, SecretBox.WebhookSecret(bot.TelegramId))),
    ];
}
