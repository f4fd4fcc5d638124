using System.Data.Common;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Cli.Apply;

/// <summary>Makes the row of a chat that Telegram has not told of yet, and gives chats their labels.</summary>
internal sealed class ChatSaver(IDatabase database, TimeProvider time)
{
    /// <param name="id">0: there was none; a running gateway may have seen it meanwhile.</param>
    /// <returns>False: the bot is not there any more.</returns>
    public async Task<bool> SaveAsync(Actor actor, long id, long botId, ChatEntry chat, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync();
        }
        catch (DbException e) when (!e.IsTransient)
        {
            // The row was made between our look and our insert; then it is there now.
            return await RunAsync();
        }

        Task<bool> RunAsync() => ControlTransaction.RunAsync(database, commands => SaveAsync(commands, actor, id, botId, chat), cancellation);
    }

    private async Task<bool> SaveAsync(ControlCommands commands, Actor actor, long id, long botId, ChatEntry chat)
    {
        if (await commands.ReadNumberAsync("SELECT id FROM bots WHERE id = @bot AND mode <> 'removed'", ("@bot", botId)) is null) return false;
        var now = time.GetUtcNow();
        var there = id != 0
            ? id
            : await commands.ReadNumberAsync(
                $"SELECT id FROM chats WHERE bot_id = @bot AND telegram_chat_id = @chat AND realm = ''{database.ForUpdate}", ("@bot", botId), ("@chat", chat.TelegramId));
        there ??= await commands.InsertAsync(
            "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', @now)",
            ("@bot", botId),
            ("@chat", chat.TelegramId),
            ("@now", now.ToUnixTimeMilliseconds()));
        if (chat.Label is not null) await commands.ExecuteAsync("UPDATE chats SET label = @label WHERE id = @id", ("@label", chat.Label), ("@id", there));
        await commands.AuditAsync(actor, now, new AuditEntry(id == 0 ? "chat.add" : "chat.change", "chat", there.Value.ToString(CultureInfo.InvariantCulture), null, null));
        return true;
    }
}
