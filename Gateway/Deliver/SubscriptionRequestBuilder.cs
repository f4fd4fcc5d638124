using System.Globalization;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// Collects the members of a subscription as a transport reads them, under the names of design section 5. The first fault is kept and
/// ends it; a name it does not know is a fault too, because a mistyped selector would silently select too much.
/// </summary>
internal sealed class SubscriptionRequestBuilder
{
    private readonly List<ChatReference> chats = [];
    private readonly List<long> botIds = [];
    private readonly List<long> threadIds = [];
    private readonly List<long> fromUserIds = [];
    private readonly List<string> commands = [];
    private readonly List<string> types = [];
    private SubscriptionRequest request = new();
    private readonly HashSet<string> given = [];
    private bool hasFrom;

    public RequestError? Error { get; private set; }

    /// <summary>Whether the name is a member that may be given a list.</summary>
    public static bool IsKnown(string name) => name is "id" or "chat_id" or "chat_ids" or "bot_id" or "bot_ids" or "all" or "thread_ids" or "from_user_ids"
        or "commands" or "types" or "direction" or "exclude_own" or "include" or "after" or "log_id" or "since" or "from";

    public bool Fail(string code, string message)
    {
        Error ??= new RequestError(code, message);
        return false;
    }

    /// <summary>One value of a member; lists are given value by value.</summary>
    public bool Add(string name, string value) => IsRepeatedScalar(name) ? FailRepeated(name) : AddValue(name, value);

    /// <summary>Which of two was meant cannot be known, and "the last one" would be a guess about a position or a credential's reach.</summary>
    public bool FailRepeated(string name) => Fail("INVALID_FIELD", $"{Excerpt(name)} is given twice.");

    /// <summary>A list of nothing would narrow nothing: whoever filters by an empty list wants no event, not all of them.</summary>
    public bool FailEmpty(string name) => Fail("INVALID_SELECTOR", $"{Excerpt(name)} is an empty list; leave it out to narrow nothing.");

    private bool IsRepeatedScalar(string name) =>
        name is "id" or "all" or "direction" or "exclude_own" or "after" or "log_id" or "since" or "from" && !given.Add(name);

    private bool AddValue(string name, string value) => name switch
    {
        "id" => AddId(value),
        "chat_id" or "chat_ids" => AddChat(value),
        "bot_id" or "bot_ids" => AddNumber(name, value, botIds, 1),
        "thread_ids" => AddNumber(name, value, threadIds, long.MinValue),
        "from_user_ids" => AddNumber(name, value, fromUserIds, long.MinValue),
        "commands" => AddText(name, value.TrimStart('/'), commands),
        "types" => AddText(name, value, types),
        "all" => AddFlag(name, value, flag => request = request with { All = flag }),
        "exclude_own" => AddFlag(name, value, flag => request = request with { ExcludeOwn = flag }),
        "direction" => AddDirection(value),
        "include" => AddInclude(value),
        "after" => AddAfter(value),
        "log_id" => AddLogId(value),
        "since" => AddSince(value),
        "from" => AddFrom(value),
        _ => Fail("UNKNOWN_FIELD", $"There is no subscription field '{Excerpt(name)}'."),
    };

    public SubscriptionParse Build()
    {
        if (Error is not null)
        {
            return new SubscriptionParse(null, Error);
        }

        if (request.All == (chats.Count + botIds.Count > 0))
        {
            return SubscriptionParse.Refuse("INVALID_SELECTOR", "Name chats or bots to subscribe to, or all=true for everything you may read; not both.");
        }

        var starts = (request.After is null ? 0 : 1) + (request.SinceMs is null ? 0 : 1) + (hasFrom ? 1 : 0);
        if (starts > 1 || (request.LogId is not null && request.After is null))
        {
            return SubscriptionParse.Refuse("INVALID_START", "A start is one of after (with log_id if known), since, or from.");
        }

        return new SubscriptionParse(
            request with { Chats = chats, BotIds = botIds, ThreadIds = threadIds, FromUserIds = fromUserIds, Commands = commands, Types = types }, null);
    }

    private bool AddId(string value)
    {
        request = request with { Id = value };
        return value.Length is > 0 and <= Limits.Deliver.SubscriptionIdChars
            || Fail("INVALID_ID", $"A subscription id has 1 to {Limits.Deliver.SubscriptionIdChars} characters.");
    }

    private bool AddChat(string value)
    {
        if (TryParseChat(value, out var chat))
        {
            chats.Add(chat);
            return HasRoom("chat_ids", chats.Count);
        }

        return Fail("INVALID_SELECTOR", $"'{Excerpt(value)}' is no chat: give the gateway's chat id or tg:<bot_id>:<telegram_chat_id>.");
    }

    /// <summary>A chat as the API names it: the gateway's id, or <c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>.</summary>
    public static bool TryParseChat(string value, out ChatReference chat)
    {
        chat = default;
        if (!value.StartsWith("tg:", StringComparison.Ordinal))
        {
            chat = TryNumber(value, out var id) ? new ChatReference(id, 0, 0) : default;
            return chat.ChatId > 0;
        }

        var parts = value.Split(':');
        if (parts.Length != 3 || !TryNumber(parts[1], out var botId) || !TryNumber(parts[2], out var telegramId) || botId <= 0)
        {
            return false;
        }

        chat = new ChatReference(0, botId, telegramId);
        return true;
    }

    private bool AddNumber(string name, string value, List<long> list, long least)
    {
        if (!TryNumber(value, out var number) || number < least)
        {
            return Fail("INVALID_SELECTOR", $"'{Excerpt(value)}' is no number for {name}.");
        }

        list.Add(number);
        return HasRoom(name, list.Count);
    }

    private bool AddText(string name, string value, List<string> list)
    {
        if (value.Length is 0 or > Limits.Ingest.KindBytes)
        {
            return Fail("INVALID_SELECTOR", $"A value of {name} has 1 to {Limits.Ingest.KindBytes} characters.");
        }

        list.Add(value);
        return HasRoom(name, list.Count);
    }

    private bool HasRoom(string name, int count) =>
        count <= Limits.Deliver.SelectorEntries || Fail("INVALID_SELECTOR", $"{name} has more than {Limits.Deliver.SelectorEntries} entries.");

    private bool AddFlag(string name, string value, Action<bool> set)
    {
        if (value is not ("true" or "false"))
        {
            return Fail("INVALID_SELECTOR", $"{name} is true or false.");
        }

        set(value == "true");
        return true;
    }

    private bool AddDirection(string value)
    {
        Direction? direction = value switch { "incoming" => Direction.Incoming, "outgoing" => Direction.Outgoing, "both" => Direction.Both, _ => null };
        request = request with { Direction = direction ?? default };
        return direction is not null || Fail("INVALID_SELECTOR", "direction is incoming, outgoing or both.");
    }

    private bool AddInclude(string value)
    {
        request = request with { IncludeUpdate = true };
        return value == "update" || Fail("INVALID_SELECTOR", "include knows only \"update\".");
    }

    private bool AddAfter(string value)
    {
        var isNumber = TryNumber(value, out var after) && after >= 0;
        request = request with { After = after };
        return isNumber || Fail("INVALID_START", "after is the seq of the last event you have, or 0.");
    }

    private bool AddLogId(string value)
    {
        request = request with { LogId = value };
        return value.Length is > 0 and <= Limits.Deliver.LogIdChars || Fail("INVALID_START", "log_id is what came with the position.");
    }

    private bool AddSince(string value)
    {
        var isTime = DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since);
        request = request with { SinceMs = isTime ? since.ToUnixTimeMilliseconds() : 0 };
        return isTime || Fail("INVALID_START", "since is a time such as 2026-02-09T12:00:00Z.");
    }

    private bool AddFrom(string value)
    {
        hasFrom = true;
        request = request with { From = value == "earliest" ? StartFrom.Earliest : StartFrom.Latest };
        return value is "earliest" or "latest" || Fail("INVALID_START", "from is earliest or latest.");
    }

    private static bool TryNumber(string value, out long number) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    // What a client sent comes back to it only in part: an error is for a person to read.
    private static string Excerpt(string value) => value.Length <= 40 ? value : value[..40];
}
