using System.CommandLine;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>grant chat | bot | feedback | list | revoke</c></summary>
internal static class GrantCommands
{
    private static readonly Option<long?> Key = new("--key") { Description = "The API key's id", HelpName = "ID" };
    private static readonly Option<long?> User = new("--user") { Description = "The user's id", HelpName = "ID" };
    private static readonly Option<long> FeedbackKey = new("--key") { Description = "The API key's id", HelpName = "ID", Required = true };
    private static readonly Option<string> Chat = new("--chat") { Description = "A chat: its gateway id, or tg:<bot id>:<Telegram chat id>", HelpName = "CHAT", Required = true };
    private static readonly Option<long?> Thread = new("--thread") { Description = "Only this thread (forum topic) of the chat", HelpName = "ID" };
    private static readonly Option<long> Bot = new("--bot") { Description = "The bot's gateway id: all its chats, those to come too", HelpName = "ID", Required = true };
    private static readonly Option<bool> Read = new("--read") { Description = "See what happens there" };
    private static readonly Option<bool> Send = new("--send") { Description = "Send there" };
    private static readonly Option<bool> Manage = new("--manage") { Description = "Change who may" };
    private static readonly Option<bool> Remove = new("--remove") { Description = "No longer" };
    private static readonly Option<long> Id = new("--id") { Description = "The grant's id", HelpName = "ID", Required = true };

    public static Command Create()
    {
        var chat = new Command("chat", "Give a key or user rights in one chat. Example: gateway grant chat --key 2 --chat tg:1:-1001234567890 --read")
            { Key, User, Chat, Thread, Read, Send, Manage };
        chat.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => GrantChatAsync(session, arguments, cancellation), cancellation));

        var bot = new Command("bot", "Give a key or user rights in all chats of one bot. Example: gateway grant bot --user 3 --bot 1 --read")
            { Key, User, Bot, Read, Send, Manage };
        bot.SetAction((arguments, cancellation) => CliSession.RunAsync(
            arguments, session => GrantAsync(session, arguments, GrantTarget.Bot(arguments.GetValue(Bot)), cancellation), cancellation));

        var feedback = new Command("feedback", "Name a chat that pushes to a key; while none is named, all that it may read do. Example: gateway grant feedback --key 2 --chat 5")
            { FeedbackKey, Chat, Remove };
        feedback.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => FeedbackAsync(session, arguments, cancellation), cancellation));

        var list = new Command("list", "All grants, or those of one key or user. Example: gateway grant list --key 2") { Key, User };
        list.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => ListAsync(session, arguments, cancellation), cancellation));

        var revoke = new Command("revoke", "Take a grant back; running streams follow within a second. Example: gateway grant revoke --id 7") { Id };
        revoke.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => RevokeAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        return new Command("grant", "Say what API keys and users may do where") { chat, bot, feedback, list, revoke };
    }

    private static Task<int> GrantChatAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        if (ChatName.TryParse(arguments.GetRequiredValue(Chat)) is not { } chat) return Task.FromResult(InvalidChat(session));
        var thread = arguments.GetValue(Thread);
        return thread is not null and not > 0
            ? Task.FromResult(session.Output.Fail(ExitCode.Usage, "INVALID_THREAD", "--thread is a number from 1"))
            : GrantAsync(session, arguments, GrantTarget.InChat(chat, thread ?? 0), cancellation);
    }

    private static async Task<int> GrantAsync(CliSession session, ParseResult arguments, GrantTarget target, CancellationToken cancellation)
    {
        if (PrincipalOf(arguments) is not { } to) return session.Output.Fail(ExitCode.Usage, "USAGE", "name one of --key and --user");
        var rights = (arguments.GetValue(Read) ? ChatRights.Read : 0) | (arguments.GetValue(Send) ? ChatRights.Send : 0) | (arguments.GetValue(Manage) ? ChatRights.Manage : 0);
        if (rights == ChatRights.None) return session.Output.Fail(ExitCode.Usage, "NO_RIGHTS", "name at least one of --read, --send and --manage");
        var outcome = await session.Grants.AddAsync(Actor.CommandLine, giver: null, to, target, rights, cancellation);
        if (outcome.Status != GrantStatus.Done) return Fail(session, outcome.Status, to);
        var where = target.BotId is { } bot ? $"bot {bot}" : target.ThreadId == 0 ? $"chat {outcome.ChatId}" : $"chat {outcome.ChatId}, thread {target.ThreadId}";
        return session.Output.Done(
            ToJson(outcome.Id, to, target.BotId is null ? outcome.ChatId : null, target.ThreadId, target.BotId ?? 0, outcome.Rights),
            KeyJson.Default.GrantedJson,
            $"grant {outcome.Id}: {Text(to)}, {where}: {Text(outcome.Rights)}");
    }

    private static async Task<int> FeedbackAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        if (ChatName.TryParse(arguments.GetRequiredValue(Chat)) is not { } chat) return InvalidChat(session);
        var key = arguments.GetValue(FeedbackKey);
        var remove = arguments.GetValue(Remove);
        var outcome = remove
            ? await session.Feedback.RemoveAsync(Actor.CommandLine, giver: null, key, chat, cancellation)
            : await session.Feedback.AddAsync(Actor.CommandLine, giver: null, key, chat, cancellation);
        return outcome.Status == GrantStatus.Done
            ? session.Output.Done(
                new FeedbackJson(key, outcome.ChatId, !remove), KeyJson.Default.FeedbackJson, $"chat {outcome.ChatId} {(remove ? "no longer pushes" : "pushes")} to key {key}")
            : Fail(session, outcome.Status, PrincipalId.Key(key));
    }

    private static async Task<int> ListAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var of = PrincipalOf(arguments);
        if (of is null && (arguments.GetValue(Key) ?? arguments.GetValue(User)) is not null) return session.Output.Fail(ExitCode.Usage, "USAGE", "name one of --key and --user");
        var grants = await session.GrantLists.ListAsync(of, cancellation);
        var json = new GrantsJson([.. grants.Select(grant => ToJson(grant.Id, grant.Principal, grant.ChatId, grant.ThreadId, grant.BotId, grant.Rights))]);
        return session.Output.Done(json, KeyJson.Default.GrantsJson, CliTable.Of(
            ["ID", "OF", "CHAT", "THREAD", "BOT", "RIGHTS"],
            grants.Select(grant => new object?[]
                { grant.Id, Text(grant.Principal), grant.ChatId, grant.ThreadId == 0 ? null : grant.ThreadId, grant.ChatId is null ? grant.BotId : null, Text(grant.Rights) })));
    }

    private static async Task<int> RevokeAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.Grants.RevokeAsync(Actor.CommandLine, id, cancellation)
            ? session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"grant {id} revoked")
            : session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no grant {id}");

    private static PrincipalId? PrincipalOf(ParseResult arguments) => (arguments.GetValue(Key), arguments.GetValue(User)) switch
    {
        ({ } key, null) => PrincipalId.Key(key),
        (null, { } user) => PrincipalId.User(user),
        _ => null,
    };

    private static int InvalidChat(CliSession session) =>
        session.Output.Fail(ExitCode.Usage, "INVALID_CHAT", "--chat is a gateway id, or tg:<bot id>:<Telegram chat id>");

    private static int Fail(CliSession session, GrantStatus status, PrincipalId principal) => status switch
    {
        GrantStatus.PrincipalNotFound => session.Output.Fail(
            ExitCode.Refused, "NOT_FOUND", principal.Kind == PrincipalKind.User ? $"there is no user {principal.Id}" : $"there is no API key {principal.Id} in use"),
        GrantStatus.BotNotFound => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", "there is no such bot"),
        GrantStatus.NotGranted => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", "there is no such grant"),
        _ => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", "there is no such chat; one that has not been seen yet is named tg:<bot id>:<Telegram chat id>"),
    };

    private static GrantedJson ToJson(long id, PrincipalId principal, long? chatId, long threadId, long botId, ChatRights rights) => new(
        id,
        principal.Kind == PrincipalKind.ApiKey ? principal.Id : null,
        principal.Kind == PrincipalKind.User ? principal.Id : null,
        chatId,
        threadId == 0 ? null : threadId,
        chatId is null ? botId : null,
        (rights & ChatRights.Read) != 0,
        (rights & ChatRights.Send) != 0,
        (rights & ChatRights.Manage) != 0);

    private static string Text(PrincipalId principal) => principal.Kind == PrincipalKind.User ? $"user {principal.Id}" : $"key {principal.Id}";

    private static string Text(ChatRights rights) => string.Join(", ", new[]
    {
        (rights & ChatRights.Read) != 0 ? "read" : "", (rights & ChatRights.Send) != 0 ? "send" : "", (rights & ChatRights.Manage) != 0 ? "manage" : "",
    }.Where(right => right.Length > 0));
}
