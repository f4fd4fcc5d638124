using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>Finds the bot or chat that a grant is on, as whoever gives it sees it.</summary>
internal sealed class ChatLookup(IDatabase database, TimeProvider time)
{
    /// <param name="giver">Null: sees and manages everything.</param>
    /// <param name="mayCreate">Make the row of a chat that has not been seen yet; Telegram is not asked.</param>
    public async Task<GrantOutcome> FindAsync(ControlCommands commands, Grants? giver, GrantTarget target, bool mayCreate)
    {
        if (target.BotId is not { } botId) return await FindChatAsync(commands, giver, target.Chat, mayCreate);
        var (sees, exists) = (await SeesBotAsync(commands, giver, botId), await BotExistsAsync(commands, botId));
        if (!sees || !exists) return new GrantOutcome(GrantStatus.BotNotFound, BotId: botId) { IsHidden = exists };
        return new GrantOutcome(Manages(giver, botId, 0) ? GrantStatus.Done : GrantStatus.NotManaged, BotId: botId);
    }

    /// <summary>Whether it may say who may do what there.</summary>
    private static bool Manages(Grants? giver, long botId, long chatId) => giver is null || giver.CanManage(botId, chatId);

    private static bool Reads(Grants? giver, long botId, long chatId) => giver is null || giver.CanRead(botId, chatId);

    /// <summary>A bot is seen by whoever has any right on it or on a chat of it.</summary>
    private static async Task<bool> SeesBotAsync(ControlCommands commands, Grants? giver, long botId)
    {
        if (giver is null || giver.IsAdmin || giver.Bots.ContainsKey(botId)) return true;
        foreach (var chatId in giver.Chats.Keys)
        {
            if (await commands.ReadNumberAsync("SELECT id FROM chats WHERE id = @id AND bot_id = @bot", ("@id", chatId), ("@bot", botId)) is not null) return true;
        }

        return false;
    }

    private async Task<GrantOutcome> FindChatAsync(ControlCommands commands, Grants? giver, ChatName chat, bool mayCreate)
    {
        var found = await ReadIdAsync(commands, chat);
        if (found is null && mayCreate && chat.ChatId == 0 && Manages(giver, chat.BotId, 0) && Reads(giver, chat.BotId, 0))
        {
            if (!await BotExistsAsync(commands, chat.BotId)) return new GrantOutcome(GrantStatus.BotNotFound);
            found = await commands.InsertAsync(
                "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', @now)",
                ("@bot", chat.BotId),
                ("@chat", chat.TelegramChatId),
                ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        }

        // Zero is no chat, and asked for all the same: how long the answer takes must not tell a chat that is hidden from one that is not there.
        var id = found ?? 0;
        // A group that became a supergroup: its events come under the new chat.
        for (var step = 0; step < Limits.Access.ChatMigrations; step++)
        {
            if (await commands.ReadNumberAsync("SELECT migrated_to FROM chats WHERE id = @id", ("@id", id)) is not { } next) break;
            id = next;
        }

        var botId = await commands.ReadNumberAsync("SELECT bot_id FROM chats WHERE id = @id", ("@id", id)) ?? 0;
        if (botId == 0 || !Reads(giver, botId, id)) return new GrantOutcome(GrantStatus.ChatNotFound, ChatId: id) { IsHidden = botId != 0 };
        return new GrantOutcome(Manages(giver, botId, id) ? GrantStatus.Done : GrantStatus.NotManaged, BotId: botId, ChatId: id);
    }

    /// <summary>
    /// The groups that this supergroup was, as far as the giver manages them. Their rights stayed with their history: who takes rights back in the
    /// supergroup means that too.
    /// </summary>
    public async Task<List<long>> FormerAsync(ControlCommands commands, Grants? giver, GrantOutcome place)
    {
        List<long> former = [];
        var id = place.ChatId;
        for (var step = 0; id != 0 && step < Limits.Access.ChatMigrations; step++)
        {
            if (await commands.ReadNumberAsync("SELECT migrated_from FROM chats WHERE id = @id", ("@id", id)) is not { } before) break;
            if (Manages(giver, place.BotId, before)) former.Add(before);
            id = before;
        }

        return former;
    }

    private Task<long?> ReadIdAsync(ControlCommands commands, ChatName chat) => chat.ChatId != 0
        ? commands.ReadNumberAsync("SELECT id FROM chats WHERE id = @id", ("@id", chat.ChatId))
        : commands.ReadNumberAsync(
            $"SELECT id FROM chats WHERE bot_id = @bot AND telegram_chat_id = @chat AND realm = ''{database.ForUpdate}",
            ("@bot", chat.BotId),
            ("@chat", chat.TelegramChatId));

    private static async Task<bool> BotExistsAsync(ControlCommands commands, long botId) =>
        await commands.ReadNumberAsync("SELECT id FROM bots WHERE id = @bot AND mode <> 'removed'", ("@bot", botId)) is not null;
}
