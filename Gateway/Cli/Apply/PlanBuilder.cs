using System.Globalization;
using Gateway.Access;

namespace Gateway.Cli.Apply;

/// <summary>Compares what the file says with what is there. Nothing is changed here; what cannot be made so is an error, all of them at once.</summary>
internal sealed partial class PlanBuilder(ConfigurationFile file, CurrentState current, ConfigurationErrors errors)
{
    /// <summary>The field by which a key is made again that a crash left without anybody having it.</summary>
    public const string UnfinishedKey = "secret";

    private readonly List<PlannedChange> saved = [];
    private readonly List<PlannedChange> removed = [];
    private readonly List<string> kept = [];

    public static Plan? Build(ConfigurationFile file, CurrentState current, bool prune, ConfigurationErrors errors)
    {
        var builder = new PlanBuilder(file, current, errors);
        builder.PlanBots();
        builder.PlanChats();
        builder.PlanKeys();
        builder.PlanUsers(prune);
        builder.PlanGrants();
        builder.PlanFeedback();
        if (prune) builder.Prune();
        return errors.Any ? null : new Plan([.. builder.saved, .. builder.removed], builder.kept);
    }

    private void PlanBots()
    {
        foreach (var bot in file.Bots ?? [])
        {
            var there = current.BotOf(bot.TelegramId);
            var fields = new List<FieldChange>();
            Compare(fields, "mode", there?.Mode, bot.Mode);
            Compare(fields, "base_url", there?.BaseUrl, bot.BaseUrl);
            Compare(fields, "label", there?.Label, bot.Label);
            Compare(fields, "retention_days", there?.RetentionDays?.ToString(CultureInfo.InvariantCulture), bot.RetentionDays?.ToString(CultureInfo.InvariantCulture));
            CompareSecret(fields, "token", there?.TokenHash, bot.Token);
            CompareSecret(fields, "webhook_secret", there?.WebhookSecretHash, bot.WebhookSecret);
            CompareSecret(fields, "secret_token", there?.SecretTokenHash, bot.SecretToken);
            if (bot.WebhookSecret is { } secret && current.Bots.Any(other => other != there && other.WebhookSecretHash.AsSpan().SequenceEqual(SecretHash.Of(secret))))
                errors.Add(bot.At, "bot: another bot has this webhook_secret; the receiver could not tell them apart");
            Save(there, fields, action => new PlannedBot(action, $"{bot.Name} ({bot.TelegramId})", fields, there?.Id ?? 0, bot));
        }

        foreach (var twice in (file.Bots ?? []).GroupBy(bot => bot.TelegramId).Where(same => same.Count() > 1))
            errors.Add(twice.Last().At, $"bot: {twice.Last().Name} and {twice.First().Name} are the same bot {twice.Key}");
    }

    private void PlanChats()
    {
        foreach (var chat in file.Chats ?? [])
        {
            CheckBot(chat.At, "chat", chat.Bot);
            var there = current.ChatOf(chat.Bot, chat.TelegramId);
            var fields = new List<FieldChange>();
            Compare(fields, "label", there?.Label, chat.Label);
            Save(there, fields, action => new PlannedChat(action, $"{chat.TelegramId} of bot {chat.Bot}", fields, there?.Id ?? 0, chat));
        }
    }

    private void PlanKeys()
    {
        RefuseSharedFiles();
        foreach (var key in file.Keys ?? [])
        {
            var there = KeyOf(key.At, "key", key.Name);
            var fields = new List<FieldChange>();
            Set(fields, "admin", there is null ? null : YesNo(there.IsAdmin), YesNo(key.IsAdmin), YesNo(false));
            Set(fields, "scopes", there is null ? null : there.Scopes ?? "", key.Scopes is null ? "" : ApiKeySettings.JoinScopes(key.Scopes) ?? "", "");
            Set(fields, "expires", there is null ? null : CliTime.Text(there.ExpiresAtMs) ?? "", CliTime.Text(key.ExpiresAtMs) ?? "", "");
            Set(fields, "rate_per_second", there is null ? null : $"{there.RatePerSecond}", $"{key.RatePerSecond}", "");
            Set(fields, "rate_burst", there is null ? null : $"{there.RateBurst}", $"{key.RateBurst}", "");
            if (there is { IsFinished: false }) fields.Add(new(UnfinishedKey, null, "made again: nobody has it yet"));
            if (there is null && key.SecretFile is { } path && File.Exists(path))
                errors.Add(key.At, $"key: {path} is there already, and this key is not: move the file away, or the secret in it would be lost");
            Save(there, fields, action => new PlannedKey(action, key.Name, fields, there?.Id ?? 0, key));
        }
    }

    /// <summary>The later key would overwrite the only copy of the earlier one.</summary>
    private void RefuseSharedFiles()
    {
        foreach (var shared in (file.Keys ?? []).Where(key => key.SecretFile is not null).GroupBy(key => key.SecretFile).Where(same => same.Count() > 1))
            errors.Add(shared.Last().At, $"key: {shared.Last().Name} and {shared.First().Name} name the same file {shared.Key}");
    }

    /// <summary>Null when there is none of this name; several are an error, for the name does not say which.</summary>
    private CurrentKey? KeyOf(FilePosition at, string what, string name)
    {
        var named = current.Keys.Where(key => key.Name == name).ToList();
        if (named.Count > 1) errors.Add(at, $"{what}: {named.Count} API keys have the name {name} ({string.Join(", ", named.Select(key => key.Id))}); revoke all but one");
        return named.FirstOrDefault();
    }

    private void CheckBot(FilePosition at, string what, long bot)
    {
        if (current.BotOf(bot) is null && file.Bots?.Any(entry => entry.TelegramId == bot) != true)
            errors.Add(at, $"{what}: bot {bot} is neither in this file nor in the gateway");
    }

    private void Save(object? there, List<FieldChange> fields, Func<ChangeAction, PlannedChange> change)
    {
        if (there is null) saved.Add(change(ChangeAction.Add));
        else if (fields.Count > 0) saved.Add(change(ChangeAction.Change));
    }

    /// <summary>A field that the file need not say: without it, it stays as it is.</summary>
    private static void Compare(List<FieldChange> fields, string name, string? there, string? wanted)
    {
        if (wanted is not null && wanted != there) fields.Add(new(name, there, wanted));
    }

    private static void CompareSecret(List<FieldChange> fields, string name, byte[]? there, string? wanted)
    {
        if (wanted is not null && !SecretHash.Of(wanted).AsSpan().SequenceEqual(there)) fields.Add(FieldChange.OfSecret(name));
    }

    /// <summary>A field that has its default where the file does not say it: leaving a scope out takes it away.</summary>
    /// <param name="there">Null: the object is new, and only what differs from the default is worth telling.</param>
    private static void Set(List<FieldChange> fields, string name, string? there, string wanted, string fallback)
    {
        if (wanted != (there ?? fallback)) fields.Add(new(name, there is "" ? "none" : there, wanted));
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}
