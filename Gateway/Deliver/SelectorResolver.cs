using Gateway.Access;

namespace Gateway.Deliver;

/// <summary>
/// Turns the chats and bots of a request into gateway ids. What may not be read is answered exactly as what does not exist (design
/// section 7), so a credential learns nothing by trying ids.
/// </summary>
internal sealed class SelectorResolver(ChatDirectory directory)
{
    // A group migrates once in its life; the bound only stops a damaged table from looping.
    private const int MigrationSteps = 8;

    public async ValueTask<(Selector? Selector, RequestError? Error)> ResolveAsync(
        Principal principal, SubscriptionRequest request, CancellationToken cancellation)
    {
        if (request.All)
        {
            return (Selector.All, null);
        }

        Dictionary<long, long> chats = [];
        HashSet<long> botIds = [];
        foreach (var chat in request.Chats)
        {
            var row = await directory.FindChatAsync(chat, cancellation);
            if (row is not { } found || !principal.Grants.CanReadSome(found.BotId, found.Id))
            {
                return (null, new RequestError("CHAT_NOT_FOUND", "There is no such chat.") { Hidden = row is { } hidden ? ("chat", hidden.Id) : null });
            }

            for (var step = 0; step < MigrationSteps && chats.TryAdd(found.Id, found.BotId) && found.MigratedTo != 0; step++)
            {
                if (await directory.FindChatAsync(new ChatReference(found.MigratedTo, 0, 0), cancellation) is not { } next)
                {
                    break;
                }

                found = next;
            }
        }

        foreach (var botId in request.BotIds)
        {
            var exists = await directory.BotExistsAsync(botId, cancellation);
            if (!exists || !principal.Grants.CanRead(botId, 0))
            {
                return (null, new RequestError("BOT_NOT_FOUND", "There is no such bot.") { Hidden = exists ? ("bot", botId) : null });
            }

            botIds.Add(botId);
        }

        return (new Selector(false, chats, botIds), null);
    }
}
