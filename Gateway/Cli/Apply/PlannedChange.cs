namespace Gateway.Cli.Apply;

internal enum ChangeAction
{
    Add,
    Change,
    Remove,
}

/// <summary>What a change does to one field. Of a secret it is only told that it changes.</summary>
internal readonly record struct FieldChange(string Field, string? From, string? To)
{
    public static FieldChange OfSecret(string field) => new(field, null, "(secret)");

    public override string ToString() => From is null ? $"{Field} {To}" : $"{Field} {From} → {(string.IsNullOrEmpty(To) ? "none" : To)}";
}

/// <summary>One object that is not as the file says. Each is made so in its own transaction; see <see cref="ChangeRunner"/>.</summary>
/// <param name="Kind">bot, chat, key, user, grant or feedback.</param>
/// <param name="Name">As people know the object.</param>
internal abstract record PlannedChange(ChangeAction Action, string Kind, string Name, IReadOnlyList<FieldChange> Fields)
{
    public sealed override string ToString()
    {
        var sign = Action switch { ChangeAction.Add => '+', ChangeAction.Change => '~', _ => '-' };
        return Fields.Count == 0 ? $"{sign} {Kind} {Name}" : $"{sign} {Kind} {Name}: {string.Join(", ", Fields)}";
    }
}

/// <param name="Id">0: there is none yet.</param>
internal sealed record PlannedBot(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long Id, BotEntry? Entry) : PlannedChange(Action, "bot", Name, Fields);

internal sealed record PlannedChat(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long Id, ChatEntry Entry) : PlannedChange(Action, "chat", Name, Fields);

internal sealed record PlannedKey(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long Id, KeyEntry? Entry) : PlannedChange(Action, "key", Name, Fields);

/// <param name="SetsPassword">Whether the file's password is not the user's.</param>
internal sealed record PlannedUser(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long Id, UserEntry? Entry, bool SetsPassword) : PlannedChange(Action, "user", Name, Fields);

internal sealed record PlannedGrant(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long Id, GrantEntry? Entry) : PlannedChange(Action, "grant", Name, Fields);

/// <param name="KeyId">Of one that goes.</param>
internal sealed record PlannedFeedback(ChangeAction Action, string Name, IReadOnlyList<FieldChange> Fields, long KeyId, long ChatId, FeedbackEntry? Entry)
    : PlannedChange(Action, "feedback", Name, Fields);
