namespace Gateway.Cli.Apply;

/// <summary>Which chats push to which keys.</summary>
internal sealed partial class PlanBuilder
{
    private readonly HashSet<CurrentFeedback> namedFeedback = [];

    private void PlanFeedback()
    {
        foreach (var entry in file.Feedback ?? [])
        {
            CheckBot(entry.At, "feedback", entry.Bot);
            var key = KeyOf(entry.At, "feedback", entry.Key);
            if (key is null && file.Keys?.Any(each => each.Name == entry.Key) != true)
                errors.Add(entry.At, $"feedback: there is no key {entry.Key}, neither in this file nor in the gateway");
            var chat = current.ChatOf(entry.Bot, entry.Chat);
            var there = current.Feedback.FirstOrDefault(each => each.KeyId == key?.Id && each.ChatId == chat?.Id);
            if (there is not null) namedFeedback.Add(there);
            Save(there, [], action => new PlannedFeedback(action, $"of bot {entry.Bot} chat {entry.Chat} to key {entry.Key}", [], 0, 0, entry));
        }
    }

    private void PruneFeedback()
    {
        foreach (var entry in file.Feedback is null ? [] : current.Feedback.Where(each => !namedFeedback.Contains(each)))
        {
            var chat = current.Chats.GetValueOrDefault(entry.ChatId);
            var name = $"of bot {chat?.Bot} chat {chat?.TelegramId} to key {current.Keys.FirstOrDefault(key => key.Id == entry.KeyId)?.Name}";
            if (chat is { Realm.Length: > 0 }) kept.Add($"feedback {name}: is of a chat that a configuration cannot name");
            else removed.Add(new PlannedFeedback(ChangeAction.Remove, name, [], entry.KeyId, entry.ChatId, null));
        }
    }
}
