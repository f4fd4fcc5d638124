namespace Gateway.Deliver;

/// <summary>What one <c>access</c> frame says. The one without ids: more changed than is told one by one.</summary>
/// <param name="BotId">Set for everything of the bot; else the chat is named.</param>
/// <param name="ThreadId">Zero: the whole chat.</param>
internal readonly record struct AccessNotice(long BotId, long ChatId, long ThreadId, bool CanRead)
{
    public static readonly AccessNotice Everything;

    public bool IsEverything => BotId == 0 && ChatId == 0;

    public static AccessNotice OfBot(long botId, bool canRead) => new(botId, 0, 0, canRead);

    public static AccessNotice OfChat(long chatId, bool canRead) => new(0, chatId, 0, canRead);

    public static AccessNotice OfThread(long chatId, long threadId, bool canRead) => new(0, chatId, threadId, canRead);
}
