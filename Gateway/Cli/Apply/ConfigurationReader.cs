using System.Globalization;
using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;

namespace Gateway.Cli.Apply;

/// <summary>
/// Makes a <see cref="ConfigurationFile"/> of what the YAML says, and reports everything that is wrong at once. Knows nothing of the database:
/// whether what the file names is there is the plan's question.
/// </summary>
internal sealed class ConfigurationReader
{
    private static readonly string[] RoleNames = [Roles.Admin, Roles.Operator, Roles.Viewer];
    private static readonly string[] Rights = ["read", "send", "manage"];

    private readonly ConfigurationErrors errors;
    private readonly string folder;
    private readonly Action<string> warn;
    private readonly Dictionary<string, long> botIds = new(StringComparer.Ordinal);

    private ConfigurationReader(ConfigurationErrors errors, string folder, Action<string> warn)
    {
        this.errors = errors;
        this.folder = folder;
        this.warn = warn;
    }

    /// <param name="folder">Of the file: relative <c>file:</c> references start there.</param>
    public static ConfigurationFile? Read(string text, string folder, Action<string> warn, ConfigurationErrors errors)
    {
        var root = YamlReader.Read(text, errors);
        if (errors.Any) return null;
        if (root is not YamlMapping mapping)
        {
            errors.Add(root?.At ?? new(1, 1), "a configuration has the sections bots, chats, keys, users, grants and feedback");
            return null;
        }

        var file = new ConfigurationReader(errors, folder, warn).ReadSections(mapping);
        return errors.Any ? null : file;
    }

    private ConfigurationFile ReadSections(YamlMapping root)
    {
        var sections = root.Fields.ToDictionary(field => field.Name, StringComparer.Ordinal);
        foreach (var field in root.Fields)
        {
            if (field.Name is not ("bots" or "chats" or "keys" or "users" or "grants" or "feedback"))
                errors.Add(field.At, $"there is no section {field.Name}; there are bots, chats, keys, users, grants, feedback");
        }

        // Bots first, wherever they stand: the others name them.
        return new ConfigurationFile
        {
            Bots = Section(sections, "bots", "bot", ReadBot, bot => bot.Name),
            Chats = Section(sections, "chats", "chat", ReadChat, chat => $"{chat.Bot} {chat.TelegramId}"),
            Keys = Section(sections, "keys", "key", ReadKey, key => key.Name),
            Users = Section(sections, "users", "user", ReadUser, user => user.Name),
            Grants = Section(sections, "grants", "grant", ReadGrant, grant => $"{grant.Key} {grant.User} {grant.Bot} {grant.Chat} {grant.Thread}"),
            Feedback = Section(sections, "feedback", "feedback", ReadFeedback, entry => $"{entry.Key} {entry.Bot} {entry.Chat}"),
        };
    }

    private List<T>? Section<T>(Dictionary<string, YamlField> sections, string name, string one, Func<FieldReader, T?> read, Func<T, string> identity)
        where T : class
    {
        if (!sections.TryGetValue(name, out var field)) return null;
        if (field.Value is not YamlSequence sequence)
        {
            // An empty section is one whose entries were all taken out; a missing one is left alone. The difference must be meant.
            errors.Add(field.At, $"{name} is a list; an empty one is written {name}: []");
            return null;
        }

        var entries = new List<T>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in sequence.Items)
        {
            if (item is not YamlMapping mapping)
            {
                errors.Add(item.At, $"each of {name} is a block of fields");
                continue;
            }

            var fields = new FieldReader(mapping, one, errors);
            var entry = read(fields);
            fields.RefuseUnknown();
            if (entry is null) continue;
            if (!seen.Add(identity(entry))) fields.Add(fields.At, "is in the file twice");
            entries.Add(entry);
        }

        return entries;
    }

    private BotEntry? ReadBot(FieldReader fields)
    {
        var name = fields.Text("name", isRequired: true);
        if (name is not null && long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            fields.Add(fields.PositionOf("name"), "name is a word: numbers are Telegram ids");
        var token = Resolve(fields, "token", isRequired: true);
        var telegramId = token is null ? null : BotToken.TelegramIdOf(token);
        if (token is not null && telegramId is null) fields.Add(fields.PositionOf("token"), "what token names has not the form of a bot token");
        var expected = fields.Number("telegram_id", 1, long.MaxValue);
        if (expected is not null && telegramId is not null && expected != telegramId)
            fields.Add(fields.PositionOf("telegram_id"), $"telegram_id is {expected}, but the token is of bot {telegramId}");
        // The rest of the file is checked even where the token cannot be read.
        if (name is not null) botIds[name] = telegramId ?? expected ?? -1 - botIds.Count;
        var bot = new BotEntry(fields.At, name ?? "", telegramId ?? 0, token ?? "", fields.OneOf("mode", BotModes.Webhook, BotModes.Poll))
        {
            WebhookSecret = HeaderSecret(fields, "webhook_secret"),
            SecretToken = HeaderSecret(fields, "secret_token"),
            BaseUrl = BaseUrl(fields),
            Label = fields.Text("label", maxChars: Limits.Ingest.LabelCharacters),
            RetentionDays = (int?)fields.Number("retention_days", BotSettings.LeastRetentionDays, BotSettings.MostRetentionDays),
        };
        return name is null || telegramId is null ? null : bot;
    }

    private string? HeaderSecret(FieldReader fields, string name)
    {
        var secret = Resolve(fields, name);
        if (secret is null || BotSettings.IsSecret(secret)) return secret;
        fields.Add(fields.PositionOf(name), $"what {name} names has 1 to 256 of the characters A-Z a-z 0-9 _ -");
        return null;
    }

    private static string? BaseUrl(FieldReader fields)
    {
        var text = fields.Text("base_url", maxChars: BotSettings.BaseUrlCharacters);
        if (text is null || BotSettings.IsServer(text)) return text?.TrimEnd('/');
        fields.Add(fields.PositionOf("base_url"), "base_url is an http or https URL without a user, a query and a fragment");
        return null;
    }

    private ChatEntry? ReadChat(FieldReader fields)
    {
        var bot = Bot(fields);
        var chat = fields.Number("chat", long.MinValue, long.MaxValue, isRequired: true);
        var label = fields.Text("label", maxChars: Limits.Access.ChatLabelCharacters);
        return bot is null || chat is null ? null : new ChatEntry(fields.At, bot.Value, chat.Value, label);
    }

    private KeyEntry? ReadKey(FieldReader fields)
    {
        var name = fields.Text("name", isRequired: true);
        var isAdmin = fields.Flag("admin");
        var scopes = fields.Words("scopes", PermissionNames.All);
        // None would be the default set after all, which is more than whoever writes [] means.
        if (scopes is { Count: 0 }) fields.Add(fields.PositionOf("scopes"), "scopes names at least one; left out, the key has the default set");
        var expires = fields.Text("expires");
        DateTimeOffset time = default;
        // Only a point in time: "in 90 days" would be another one at every run.
        if (expires is not null && !DateTimeOffset.TryParse(expires, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time))
            fields.Add(fields.PositionOf("expires"), "expires is an RFC 3339 time, as 2027-01-31T00:00:00Z");
        var target = fields.Text("secret", maxChars: 4096);
        var reference = target is null ? null : SecretReference.TryParse(fields.PositionOf("secret"), target);
        if (target is not null && reference is not { IsFile: true })
            fields.Add(fields.PositionOf("secret"), "secret is file:PATH, where the new key is to be written; keys are made by the gateway and never stand in this file");
        var perSecond = fields.Number("rate_per_second", 1, Limits.Access.RequestsPerSecondMost);
        var burst = fields.Number("rate_burst", 1, Limits.Access.RequestBurstMost);
        return name is null ? null : new KeyEntry(fields.At, name, isAdmin, scopes, expires is null ? null : time.ToUnixTimeMilliseconds(), reference?.PathIn(folder))
        {
            RatePerSecond = (int?)perSecond,
            RateBurst = (int?)burst,
        };
    }

    private UserEntry? ReadUser(FieldReader fields)
    {
        var name = fields.Text("name", isRequired: true);
        var roles = fields.Words("roles", RoleNames, isRequired: true);
        var password = Resolve(fields, "password");
        if (password is not null && PasswordHasher.Problem(password) is { } problem) fields.Add(fields.PositionOf("password"), $"the password {problem}");
        var isDisabled = fields.Flag("disabled");
        return name is null || roles is null ? null : new UserEntry(fields.At, name, roles, password, isDisabled);
    }

    private GrantEntry? ReadGrant(FieldReader fields)
    {
        var key = fields.Text("key");
        var user = fields.Text("user");
        if (fields.Has("key") == fields.Has("user")) fields.Add(fields.At, "is a key's or a user's: name one of key and user");
        var bot = Bot(fields);
        var chat = fields.Number("chat", long.MinValue, long.MaxValue);
        var thread = fields.Number("thread", 1, long.MaxValue);
        if (thread is not null && !fields.Has("chat")) fields.Add(fields.PositionOf("thread"), "thread is of a chat: name it, too");
        var rights = fields.Words("rights", Rights, isRequired: true);
        if (rights is { Count: 0 }) fields.Add(fields.PositionOf("rights"), "rights names at least one of read, send, manage; to take a grant back, take it out and use --prune");
        return key is null == user is null || bot is null || rights is null
            ? null
            : new GrantEntry(fields.At, key, user, bot.Value, chat, thread ?? 0, rights.Contains("read"), rights.Contains("send"), rights.Contains("manage"));
    }

    private FeedbackEntry? ReadFeedback(FieldReader fields)
    {
        var key = fields.Text("key", isRequired: true);
        var bot = Bot(fields);
        var chat = fields.Number("chat", long.MinValue, long.MaxValue, isRequired: true);
        return key is null || bot is null || chat is null ? null : new FeedbackEntry(fields.At, key, bot.Value, chat.Value);
    }

    /// <summary>By its name in this file, or by Telegram id.</summary>
    private long? Bot(FieldReader fields)
    {
        if (fields.Text("bot", isRequired: true) is not { } bot) return null;
        if (botIds.TryGetValue(bot, out var id) || (long.TryParse(bot, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id > 0)) return id;
        fields.Add(fields.PositionOf("bot"), $"bot {bot} is no name of the section bots, and no Telegram id");
        return null;
    }

    private string? Resolve(FieldReader fields, string name, bool isRequired = false)
    {
        if (fields.Secret(name, isRequired) is not { } reference) return null;
        var secret = reference.Resolve(folder, warn, out var reason);
        if (secret is null) fields.Add(reference.At, $"{name}: {reason}");
        return secret;
    }
}
