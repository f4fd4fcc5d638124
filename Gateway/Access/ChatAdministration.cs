using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

internal enum ChatStatus
{
    Done,
    BotNotFound,
    Exists,
    NotFound,

    /// <summary>It is not as the caller last saw it.</summary>
    Changed,
}

internal readonly record struct ChatOutcome(ChatStatus Status, ChatInfo? Chat = null);

/// <summary>Adds chats before Telegram tells of them, and labels them. Whether the caller may is asked before.</summary>
internal sealed class ChatAdministration(IDatabase database, TimeProvider time)
{
    public Task<ChatOutcome> AddAsync(Actor actor, long botId, long telegramChatId, string? label, CancellationToken cancellation) =>
        ControlTransaction.RunTwiceAsync(
            database, commands => AddAsync(commands, actor, botId, telegramChatId, label), cancellation, static outcome => outcome.Status == ChatStatus.Done);

    /// <param name="newLabel">Of the chat as it is.</param>
    /// <param name="isExpected">Asked of the chat as it is, inside the transaction; null: whatever it is.</param>
    public Task<ChatOutcome> SetLabelAsync(Actor actor, long chatId, Func<ChatInfo, string?> newLabel, Func<ChatInfo, bool>? isExpected, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                if (await ReadAsync(commands, "c.id = @chat", ("@chat", chatId)) is not { } chat) return new ChatOutcome(ChatStatus.NotFound);
                if (isExpected is not null && !isExpected(chat)) return new ChatOutcome(ChatStatus.Changed, chat);
                var label = newLabel(chat);
                if (chat.Label == label) return new ChatOutcome(ChatStatus.Done, chat);
                await commands.ExecuteAsync("UPDATE chats SET label = @label WHERE id = @chat", ("@label", label), ("@chat", chatId));
                await AuditAsync(commands, actor, "chat.change", chatId, Json(chat), Json(chat with { Label = label }));
                return new ChatOutcome(ChatStatus.Done, chat with { Label = label });
            },
            cancellation);

    private async Task<ChatOutcome> AddAsync(ControlCommands commands, Actor actor, long botId, long telegramChatId, string? label)
    {
        if (await commands.ReadNumberAsync("SELECT id FROM bots WHERE id = @bot AND mode <> 'removed'", ("@bot", botId)) is null)
            return new ChatOutcome(ChatStatus.BotNotFound);
        if (await ReadAsync(commands, "c.bot_id = @bot AND c.telegram_chat_id = @chat AND c.realm = ''", ("@bot", botId), ("@chat", telegramChatId)) is { } existing)
            return new ChatOutcome(ChatStatus.Exists, existing);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var id = await commands.InsertAsync(
            "INSERT INTO chats (bot_id, telegram_chat_id, realm, label, created_at_ms) VALUES (@bot, @chat, '', @label, @now)",
            ("@bot", botId),
            ("@chat", telegramChatId),
            ("@label", label),
            ("@now", now));
        var chat = new ChatInfo(id, botId, telegramChatId) { Label = label, CreatedAtMs = now };
        await AuditAsync(commands, actor, "chat.add", id, null, Json(chat));
        return new ChatOutcome(ChatStatus.Done, chat);
    }

    private Task<ChatInfo?> ReadAsync(ControlCommands commands, string where, params (string Name, object? Value)[] parameters) =>
        commands.ReadRowAsync($"SELECT {ChatInfo.Columns} FROM chats c WHERE {where}{database.ForUpdate}", ChatInfo.Read, parameters);

    private Task AuditAsync(ControlCommands commands, Actor actor, string action, long chatId, string? before, string? after) =>
        commands.AuditAsync(actor, time.GetUtcNow(), new AuditEntry(action, "chat", chatId.ToString(CultureInfo.InvariantCulture), before, after));

    private static string Json(ChatInfo chat) => AuditJson.Of(json =>
    {
        json.WriteNumber("bot_id", chat.BotId);
        json.WriteNumber("telegram_chat_id", chat.TelegramChatId);
        json.WriteString("label", chat.Label);
    });
}
