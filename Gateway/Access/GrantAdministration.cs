using System.Data.Common;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

internal sealed record GrantInfo(long Id, long KeyId, long? ChatId, long? BotId, bool CanRead, bool CanSend, bool CanManage);

internal readonly record struct GrantRights(bool Read, bool Send, bool Manage);

internal enum GrantStatus
{
    Granted,
    KeyNotFound,
    BotNotFound,
    ChatNotFound,
}

internal readonly record struct GrantOutcome(GrantStatus Status, long Id, long ChatId);

/// <summary>Names a chat as interfaces do: by gateway id, or as <c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>.</summary>
internal readonly record struct ChatName(long ChatId, long BotId, long TelegramChatId)
{
    public static ChatName? TryParse(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return id > 0 ? new(id, 0, 0) : null;
        var parts = text.Split(':');
        return parts is ["tg", var bot, var chat]
            && long.TryParse(bot, NumberStyles.None, CultureInfo.InvariantCulture, out var botId) && botId > 0
            && long.TryParse(chat, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var telegramChatId)
            ? new(0, botId, telegramChatId)
            : null;
    }
}

/// <summary>Gives and takes rights of API keys. Giving adds to what is there.</summary>
internal sealed class GrantAdministration(IDatabase database, TimeProvider time)
{
    public async Task<GrantOutcome> GrantChatAsync(long keyId, ChatName chat, GrantRights rights, CancellationToken cancellation)
    {
        try
        {
            return await GrantAsync(keyId, commands => FindChatAsync(commands, chat), null, rights, cancellation);
        }
        catch (DbException) when (chat.ChatId == 0)
        {
            // A running gateway may have made the chat's row between our look and our insert; then it is there now.
            return await GrantAsync(keyId, commands => FindChatAsync(commands, chat), null, rights, cancellation);
        }
    }

    public Task<GrantOutcome> GrantBotAsync(long keyId, long botId, GrantRights rights, CancellationToken cancellation) =>
        GrantAsync(keyId, null, botId, rights, cancellation);

    /// <summary>False when there is no such grant.</summary>
    public Task<bool> RevokeAsync(long grantId, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands => await commands.ExecuteAsync("DELETE FROM grants WHERE id = @id", ("@id", grantId)) > 0,
            cancellation);

    /// <param name="keyId">Null: of all keys.</param>
    public async Task<IReadOnlyList<GrantInfo>> ListAsync(long? keyId, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, principal_id, chat_id, bot_id, can_read, can_send, can_manage FROM grants WHERE principal_kind = 1 AND (@key IS NULL OR principal_id = @key) ORDER BY id";
        command.AddParameter("@key", keyId);
        var list = new List<GrantInfo>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            list.Add(new GrantInfo(
                reader.GetInt64(0),
                reader.GetInt64(1),
                reader.IsDBNull(2) ? null : reader.GetInt64(2),
                reader.IsDBNull(3) ? null : reader.GetInt64(3),
                reader.GetInt64(4) != 0,
                reader.GetInt64(5) != 0,
                reader.GetInt64(6) != 0));
        }

        return list;
    }

    private Task<GrantOutcome> GrantAsync(
        long keyId, Func<ControlCommands, Task<GrantOutcome>>? findChat, long? botId, GrantRights rights, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                if (await commands.ReadNumberAsync("SELECT id FROM api_keys WHERE id = @key AND revoked_at_ms IS NULL", ("@key", keyId)) is null)
                    return new GrantOutcome(GrantStatus.KeyNotFound, 0, 0);
                if (botId is not null && !await BotExistsAsync(commands, botId.Value)) return new GrantOutcome(GrantStatus.BotNotFound, 0, 0);
                long? chatId = null;
                if (findChat is not null)
                {
                    var chat = await findChat(commands);
                    if (chat.Status != GrantStatus.Granted) return chat;
                    chatId = chat.ChatId;
                }

                return new GrantOutcome(GrantStatus.Granted, await SaveAsync(commands, keyId, chatId, botId, rights), chatId ?? 0);
            },
            cancellation);

    private async Task<long> SaveAsync(ControlCommands commands, long keyId, long? chatId, long? botId, GrantRights rights)
    {
        var column = chatId is null ? "bot_id" : "chat_id";
        var target = chatId ?? botId;
        var id = await commands.ReadNumberAsync(
            $"SELECT id FROM grants WHERE principal_kind = 1 AND principal_id = @key AND thread_id = 0 AND {column} = @target{database.ForUpdate}", ("@key", keyId), ("@target", target));
        if (id is null)
        {
            return await commands.InsertAsync(
                $"INSERT INTO grants (principal_kind, principal_id, {column}, can_read, can_send, can_manage, created_at_ms) VALUES (1, @key, @target, @read, @send, @manage, @now)",
                ("@key", keyId),
                ("@target", target),
                ("@read", rights.Read ? 1 : 0),
                ("@send", rights.Send ? 1 : 0),
                ("@manage", rights.Manage ? 1 : 0),
                ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        }

        var added = string.Join(", ", new[] { (rights.Read, "can_read"), (rights.Send, "can_send"), (rights.Manage, "can_manage") }
            .Where(right => right.Item1)
            .Select(right => $"{right.Item2} = 1"));
        await commands.ExecuteAsync($"UPDATE grants SET {added} WHERE id = @id", ("@id", id));
        return id.Value;
    }

    private async Task<GrantOutcome> FindChatAsync(ControlCommands commands, ChatName chat)
    {
        var id = chat.ChatId != 0
            ? await commands.ReadNumberAsync("SELECT id FROM chats WHERE id = @id", ("@id", chat.ChatId))
            : await commands.ReadNumberAsync(
                $"SELECT id FROM chats WHERE bot_id = @bot AND telegram_chat_id = @chat AND realm = ''{database.ForUpdate}",
                ("@bot", chat.BotId),
                ("@chat", chat.TelegramChatId));
        if (id is null && chat.ChatId != 0) return new(GrantStatus.ChatNotFound, 0, 0);
        if (id is null && !await BotExistsAsync(commands, chat.BotId)) return new(GrantStatus.BotNotFound, 0, 0);
        id ??= await commands.InsertAsync(
            "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', @now)",
            ("@bot", chat.BotId),
            ("@chat", chat.TelegramChatId),
            ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        // A group that became a supergroup: its events come under the new chat.
        while (await commands.ReadNumberAsync("SELECT migrated_to FROM chats WHERE id = @id", ("@id", id)) is { } next) id = next;
        return new(GrantStatus.Granted, 0, id.Value);
    }

    private static async Task<bool> BotExistsAsync(ControlCommands commands, long botId) =>
        await commands.ReadNumberAsync("SELECT id FROM bots WHERE id = @bot AND mode <> 'removed'", ("@bot", botId)) is not null;
}
