namespace Gateway.Cli.Apply;

/// <summary>Grants, and what goes with <c>--prune</c>.</summary>
internal sealed partial class PlanBuilder
{
    private readonly HashSet<long> namedGrants = [];

    private void PlanGrants()
    {
        var chats = new HashSet<(string, long)>();
        foreach (var grant in file.Grants ?? [])
        {
            CheckBot(grant.At, "grant", grant.Bot);
            var key = grant.Key is null ? null : KeyOf(grant.At, "grant", grant.Key);
            var user = grant.User is null ? null : current.Users.FirstOrDefault(each => each.Name == grant.User);
            if (grant.Key is not null && key is null && file.Keys?.Any(entry => entry.Name == grant.Key) != true)
                errors.Add(grant.At, $"grant: there is no key {grant.Key}, neither in this file nor in the gateway");
            if (grant.User is not null && user is null && file.Users?.Any(entry => entry.Name == grant.User) != true)
                errors.Add(grant.At, $"grant: there is no user {grant.User}, neither in this file nor in the gateway");

            var chat = grant.Chat is { } telegramId ? current.ChatOf(grant.Bot, telegramId) : null;
            if (chat is not null && !chats.Add(($"{grant.Key}\n{grant.User}\n{grant.Thread}", chat.Id)))
                errors.Add(grant.At, $"grant: chat {grant.Chat} became chat {chat.TelegramId}, and that one is granted here, too");
            var there = current.Grants.FirstOrDefault(each => Names(each, key?.Id, user?.Id) && each.Thread == grant.Thread
                && (grant.Chat is null ? each.BotId is not null && each.BotId == current.BotOf(grant.Bot)?.Id : chat is not null && each.ChatId == chat.Id));
            if (there is not null) namedGrants.Add(there.Id);

            var fields = new List<FieldChange>();
            var wanted = RightsText(grant.CanRead, grant.CanSend, grant.CanManage);
            if (there is null) fields.Add(new("rights", null, wanted));
            else Compare(fields, "rights", RightsText(there.CanRead, there.CanSend, there.CanManage), wanted);
            Save(there, fields, action => new PlannedGrant(action, NameOf(grant), fields, there?.Id ?? 0, grant));
        }
    }

    private static bool Names(CurrentGrant grant, long? keyId, long? userId) =>
        keyId is not null ? grant.KeyId == keyId : userId is not null && grant.UserId == userId;

    private static string NameOf(GrantEntry grant) =>
        $"{(grant.Key is null ? $"user {grant.User}" : $"key {grant.Key}")} bot {grant.Bot}{(grant.Chat is null ? "" : $" chat {grant.Chat}")}{(grant.Thread == 0 ? "" : $" thread {grant.Thread}")}";

    /// <summary>Of the kinds that the file has a section for. Chats stay: they are history.</summary>
    private void Prune()
    {
        PruneFeedback();
        foreach (var grant in file.Grants is null ? [] : current.Grants.Where(grant => !namedGrants.Contains(grant.Id))) PruneGrant(grant);
        foreach (var key in file.Keys is null ? [] : current.Keys.Where(key => file.Keys.All(entry => entry.Name != key.Name)))
            removed.Add(new PlannedKey(ChangeAction.Remove, key.Name, [new("id", null, $"{key.Id}")], key.Id, null));
        foreach (var user in file.Users is null ? [] : current.Users.Where(user => file.Users.All(entry => entry.Name != user.Name) && !keptUsers.Contains(user)))
            removed.Add(new PlannedUser(ChangeAction.Remove, user.Name, [], user.Id, null, false));
        foreach (var bot in file.Bots is null ? [] : current.Bots.Where(bot => file.Bots.All(entry => entry.TelegramId != bot.TelegramId)))
            removed.Add(new PlannedBot(ChangeAction.Remove, $"{bot.Username ?? "without a name"} ({bot.TelegramId})", [], bot.Id, null));
    }

    private void PruneGrant(CurrentGrant grant)
    {
        var chat = grant.ChatId is { } id ? current.Chats.GetValueOrDefault(id) : null;
        var bot = grant.BotId is { } botId ? current.Bots.FirstOrDefault(each => each.Id == botId)?.TelegramId : chat?.Bot;
        var who = grant.KeyId is not null
            ? $"key {current.Keys.FirstOrDefault(key => key.Id == grant.KeyId)?.Name}"
            : $"user {current.Users.FirstOrDefault(user => user.Id == grant.UserId)?.Name}";
        var name = $"{who} bot {bot}{(chat is null ? "" : $" chat {chat.TelegramId}")}{(grant.Thread == 0 ? "" : $" thread {grant.Thread}")}";
        if (chat is { Realm.Length: > 0 }) kept.Add($"grant {name}: is of a chat that a configuration cannot name");
        else removed.Add(new PlannedGrant(ChangeAction.Remove, name, [], grant.Id, null));
    }

    private static string RightsText(bool read, bool send, bool manage) =>
        string.Join(' ', new[] { read ? "read" : "", send ? "send" : "", manage ? "manage" : "" }.Where(right => right.Length > 0));
}
