using System.Buffers.Text;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Gateway.Access;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Ingest;

/// <summary>Changes the rows of bots; <see cref="BotRegistrar"/> speaks with Telegram about them. A bot is its Telegram id: adding it again gives the same gateway id and history.</summary>
internal sealed class BotAdministration(IDatabase database, SecretBox secrets, TimeProvider time)
{
    /// <summary>256 random bits in the characters that a path and a secret_token may have.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public async Task<BotOutcome> AddAsync(Actor actor, BotRegistration bot, CancellationToken cancellation)
    {
        try
        {
            return await AddOnceAsync(actor, bot, cancellation);
        }
        catch (DbException e) when (!e.IsTransient)
        {
            // MySQL locks no row that is not there: of two who add one bot at once the second fails on the unique index, and now finds the first's.
            return await AddOnceAsync(actor, bot, cancellation);
        }
    }

    /// <summary>Answers <see cref="BotChangeStatus.Done"/>, <see cref="BotChangeStatus.NotFound"/> or <see cref="BotChangeStatus.Changed"/>.</summary>
    /// <param name="identity">What Telegram says of the change's token; null without one.</param>
    public Task<BotOutcome> ChangeAsync(Actor actor, long id, BotChange change, BotIdentity? identity, CancellationToken cancellation)
    {
        var secret = change.RotateSecret ? NewSecret() : null;
        return ChangeRowAsync(actor, id, "bot.change", change.IsExpected, async (commands, row) =>
        {
            List<(string Name, object? Value)> values = [];
            if (change.HasLabel) values.Add(("label", change.Label));
            if (change.HasRetentionDays) values.Add(("retention_days", change.RetentionDays));
            if (change.Mode is { } mode) values.Add(("mode", mode));
            if (change.HasBaseUrl) values.Add(("base_url", change.BaseUrl));
            if (change.Token is { } token)
            {
                values.AddRange(TokenValues(row.TelegramId, token));
                values.AddRange([("username", identity?.Username ?? row.Username), ("first_name", identity?.FirstName ?? row.FirstName)]);
            }

            if (secret is not null) values.AddRange([.. SecretValues(row.TelegramId, secret), .. SecretTokenValues(row.TelegramId, NewSecret())]);
            if (values.Count > 0) await UpdateAsync(commands, id, values);
        }, cancellation, secret);
    }

    public Task<BotOutcome> SetPausedAsync(Actor actor, long id, bool isPaused, Func<BotInfo, bool>? isExpected, CancellationToken cancellation) =>
        ChangeRowAsync(actor, id, isPaused ? "bot.pause" : "bot.resume", isExpected, async (commands, row) =>
        {
            if (row.IsPaused != isPaused) await UpdateAsync(commands, id, [("is_paused", isPaused ? 1 : 0)]);
        }, cancellation);

    /// <summary>Gives the bot a <c>secret_token</c> that the gateway can give Telegram again and again.</summary>
    public Task<BotOutcome> RenewSecretTokenAsync(Actor actor, long id, CancellationToken cancellation) =>
        ChangeRowAsync(actor, id, "bot.secret_token", null, (commands, row) =>
            UpdateAsync(commands, id, SecretTokenValues(row.TelegramId, NewSecret())), cancellation);

    /// <summary>Keeps what came of telling Telegram; nothing when the bot was changed since <paramref name="told"/> was read.</summary>
    /// <param name="error">Null: Telegram took it.</param>
    public Task<BotOutcome> RecordWebhookAsync(Actor actor, BotInfo told, string? error, CancellationToken cancellation) =>
        ChangeRowAsync(actor, told.Id, "bot.webhook", row => row.Revision == told.Revision, (commands, row) =>
            UpdateAsync(commands, row.Id, error is null
                ? [("webhook_told_at_ms", time.GetUtcNow().ToUnixTimeMilliseconds()), ("webhook_error", null)]
                : [("webhook_error", error.Length > Limits.Ingest.WebhookErrorCharacters ? error[..Limits.Ingest.WebhookErrorCharacters] : error)]), cancellation);

    /// <summary>Its secrets and the grants on it go; its history stays as long as retention says. Answers the bot as it was.</summary>
    public Task<BotOutcome> RemoveAsync(Actor actor, long id, Func<BotInfo, bool>? isExpected, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                if (await ReadAsync(commands, id) is not { } before) return new BotOutcome(BotChangeStatus.NotFound, null);
                if (isExpected?.Invoke(before) == false) return new BotOutcome(BotChangeStatus.Changed, before);
                // Random bytes instead of hashes: the columns are unique and not null, and nothing hashes to these.
                await UpdateAsync(commands, id,
                [
                    ("mode", BotModes.Removed),
                    ("token_hash", RandomNumberGenerator.GetBytes(SecretHash.LengthBytes)),
                    ("token_cipher", Array.Empty<byte>()),
                    ("webhook_secret_hash", RandomNumberGenerator.GetBytes(SecretHash.LengthBytes)),
                    ("webhook_secret_cipher", Array.Empty<byte>()),
                    ("secret_token_hash", null),
                    ("secret_token_cipher", null),
                    ("is_paused", 0),
                    ("label", null),
                    ("webhook_told_at_ms", null),
                    ("webhook_error", null),
                ]);
                await commands.ExecuteAsync("DELETE FROM grants WHERE bot_id = @id OR chat_id IN (SELECT id FROM chats WHERE bot_id = @id)", ("@id", id));
                await commands.ExecuteAsync("DELETE FROM feedback_grants WHERE chat_id IN (SELECT id FROM chats WHERE bot_id = @id)", ("@id", id));
                await AuditAsync(commands, actor, "bot.remove", id, before, null);
                return new BotOutcome(BotChangeStatus.Done, before);
            },
            cancellation);

    private Task<BotOutcome> AddOnceAsync(Actor actor, BotRegistration bot, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var id = await commands.ReadNumberAsync($"SELECT id FROM bots WHERE telegram_id = @telegram{database.ForUpdate}", ("@telegram", bot.TelegramId));
                var before = id is null ? null : await ReadAsync(commands, id.Value);
                if (before is not null && !bot.Update) return new BotOutcome(BotChangeStatus.AlreadyThere, before);
                // A bot that is updated keeps its webhook secret unless another is given.
                var secret = bot.WebhookSecret ?? (before is null ? NewSecret() : null);
                if (secret is not null)
                {
                    var holder = await commands.ReadNumberAsync("SELECT id FROM bots WHERE webhook_secret_hash = @hash", ("@hash", SecretHash.Of(secret)));
                    if (holder is not null && holder != id) return new BotOutcome(BotChangeStatus.SecretTaken, null);
                }

                var values = ValuesOf(bot, before, secret);
                if (id is null) id = await InsertAsync(commands, [("telegram_id", bot.TelegramId), ("created_at_ms", time.GetUtcNow().ToUnixTimeMilliseconds()), .. values]);
                else await UpdateAsync(commands, id.Value, values);
                if (bot.Owner is { } owner && before is null) await GrantAllAsync(commands, owner, id.Value);
                var after = await ReadAsync(commands, id.Value);
                await AuditAsync(commands, actor, before is null ? "bot.add" : "bot.change", id.Value, before, after);
                return new BotOutcome(BotChangeStatus.Done, after) { WebhookSecret = secret, IsUpdate = before is not null };
            },
            cancellation);

    /// <summary>What an update does not name stays where losing it would open a door: the secret_token, above all. A bot that was given back begins anew.</summary>
    private List<(string Name, object? Value)> ValuesOf(BotRegistration bot, BotInfo? before, string? secret)
    {
        List<(string Name, object? Value)> values =
        [
            .. TokenValues(bot.TelegramId, bot.Token),
            ("mode", bot.Mode ?? before?.Mode ?? BotModes.Webhook),
            ("base_url", bot.BaseUrl ?? before?.BaseUrl),
            ("label", bot.Label ?? before?.Label),
            ("retention_days", bot.RetentionDays ?? before?.RetentionDays),
            ("username", bot.Username ?? before?.Username),
            ("first_name", bot.FirstName ?? before?.FirstName),
        ];
        if (secret is not null) values.AddRange(SecretValues(bot.TelegramId, secret));
        if (bot.SecretToken is not null) values.AddRange(SecretTokenValues(bot.TelegramId, bot.SecretToken));
        return values;
    }

    private Task<BotOutcome> ChangeRowAsync(
        Actor actor,
        long id,
        string action,
        Func<BotInfo, bool>? isExpected,
        Func<ControlCommands, BotInfo, Task> change,
        CancellationToken cancellation,
        string? webhookSecret = null) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                if (await ReadAsync(commands, id) is not { } before) return new BotOutcome(BotChangeStatus.NotFound, null);
                if (isExpected?.Invoke(before) == false) return new BotOutcome(BotChangeStatus.Changed, before);
                await change(commands, before);
                var after = await ReadAsync(commands, id);
                if (after != before) await AuditAsync(commands, actor, action, id, before, after);
                return new BotOutcome(BotChangeStatus.Done, after) { WebhookSecret = webhookSecret };
            },
            cancellation);

    private async Task<BotInfo?> ReadAsync(ControlCommands commands, long id) =>
        await commands.ReadRowAsync($"SELECT {BotInfo.Columns} FROM bots WHERE id = @id AND mode <> '{BotModes.Removed}'{database.ForUpdate}", BotInfo.Read, ("@id", id));

    private static Task<int> UpdateAsync(ControlCommands commands, long id, IReadOnlyList<(string Name, object? Value)> values) =>
        commands.ExecuteAsync(
            $"UPDATE bots SET revision = revision + 1, {string.Join(", ", values.Select(value => $"{value.Name} = @{value.Name}"))} WHERE id = @id",
            [("@id", id), .. values.Select(value => ($"@{value.Name}", value.Value))]);

    private static Task<long> InsertAsync(ControlCommands commands, IReadOnlyList<(string Name, object? Value)> values) =>
        commands.InsertAsync(
            $"INSERT INTO bots ({string.Join(", ", values.Select(value => value.Name))}) VALUES ({string.Join(", ", values.Select(value => $"@{value.Name}"))})",
            [.. values.Select(value => ($"@{value.Name}", value.Value))]);

    private Task<int> GrantAllAsync(ControlCommands commands, PrincipalId owner, long id) =>
        commands.ExecuteAsync(
            "INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, can_send, can_manage, created_at_ms) VALUES (@kind, @owner, @bot, 1, 1, 1, @now)",
            ("@kind", (int)owner.Kind),
            ("@owner", owner.Id),
            ("@bot", id),
            ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));

    private Task AuditAsync(ControlCommands commands, Actor actor, string action, long id, BotInfo? before, BotInfo? after) =>
        commands.AuditAsync(
            actor, time.GetUtcNow(), new AuditEntry(action, "bot", id.ToString(CultureInfo.InvariantCulture), before?.AuditJson(), after?.AuditJson()));

    private IEnumerable<(string Name, object? Value)> TokenValues(long telegramId, string token) =>
        [("token_hash", SecretHash.Of(token)), ("token_cipher", secrets.Seal(token, SecretBox.BotToken(telegramId)))];

    private (string Name, object? Value)[] SecretValues(long telegramId, string secret) =>
        [("webhook_secret_hash", SecretHash.Of(secret)), ("webhook_secret_cipher", secrets.Seal(secret, SecretBox.WebhookSecret(telegramId)))];

    private (string Name, object? Value)[] SecretTokenValues(long telegramId, string token) =>
        [("secret_token_hash", SecretHash.Of(token)), ("secret_token_cipher", secrets.Seal(token, SecretBox.SecretToken(telegramId)))];
}
