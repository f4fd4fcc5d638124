using System.CommandLine;
using Gateway.Access;

namespace Gateway.Cli;

/// <summary><c>grant chat | bot | list | revoke</c></summary>
internal static class GrantCommands
{
    private static readonly Option<long> Key = new("--key") { Description = "The API key's id", HelpName = "ID", Required = true };
    private static readonly Option<long?> KeyFilter = new("--key") { Description = "Only this API key's", HelpName = "ID" };
    private static readonly Option<string> Chat = new("--chat") { Description = "A chat: its gateway id, or tg:<bot id>:<Telegram chat id>", HelpName = "CHAT", Required = true };
    private static readonly Option<long> Bot = new("--bot") { Description = "The bot's gateway id: all its chats, those to come too", HelpName = "ID", Required = true };
    private static readonly Option<bool> Read = new("--read") { Description = "See what happens there" };
    private static readonly Option<bool> Send = new("--send") { Description = "Send there" };
    private static readonly Option<bool> Manage = new("--manage") { Description = "Change who may" };
    private static readonly Option<long> Id = new("--id") { Description = "The grant's id", HelpName = "ID", Required = true };

    public static Command Create()
    {
        var chat = new Command("chat", "Give a key rights in one chat. Example: gateway grant chat --key 2 --chat tg:1:-1001234567890 --read") { Key, Chat, Read, Send, Manage };
        chat.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => GrantChatAsync(session, arguments, cancellation), cancellation));

        var bot = new Command("bot", "Give a key rights in all chats of one bot. Example: gateway grant bot --key 2 --bot 1 --read") { Key, Bot, Read, Send, Manage };
        bot.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => GrantBotAsync(session, arguments, cancellation), cancellation));

        var list = new Command("list", "All grants") { KeyFilter };
        list.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => ListAsync(session, arguments.GetValue(KeyFilter), cancellation), cancellation));

        var revoke = new Command("revoke", "Take a grant back; running streams follow within a second") { Id };
        revoke.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => RevokeAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        return new Command("grant", "Say what API keys may do") { chat, bot, list, revoke };
    }

    private static Task<int> GrantChatAsync(CliSession session, ParseResult arguments, CancellationToken cancellation) =>
        ChatName.TryParse(arguments.GetRequiredValue(Chat)) is { } chat
            ? GrantAsync(session, arguments, null, rights => session.Grants.GrantChatAsync(arguments.GetValue(Key), chat, rights, cancellation))
            : Task.FromResult(session.Output.Fail(ExitCode.Usage, "INVALID_CHAT", "--chat is a gateway id, or tg:<bot id>:<Telegram chat id>"));

    private static Task<int> GrantBotAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var bot = arguments.GetValue(Bot);
        return GrantAsync(session, arguments, bot, rights => session.Grants.GrantBotAsync(arguments.GetValue(Key), bot, rights, cancellation));
    }

    private static async Task<int> GrantAsync(CliSession session, ParseResult arguments, long? botId, Func<GrantRights, Task<GrantOutcome>> grant)
    {
        var rights = new GrantRights(arguments.GetValue(Read), arguments.GetValue(Send), arguments.GetValue(Manage));
        if (rights == default) return session.Output.Fail(ExitCode.Usage, "NO_RIGHTS", "name at least one of --read, --send and --manage");
        var key = arguments.GetValue(Key);
        var outcome = await grant(rights);
        return outcome.Status switch
        {
            GrantStatus.Granted => session.Output.Done(
                new GrantedJson(outcome.Id, key, botId is null ? outcome.ChatId : null, botId, rights.Read, rights.Send, rights.Manage),
                CliJson.Default.GrantedJson,
                $"grant {outcome.Id}: key {key}, {(botId is null ? $"chat {outcome.ChatId}" : $"bot {botId}")}: {Text(rights.Read, rights.Send, rights.Manage)}"),
            GrantStatus.KeyNotFound => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no API key {key} in use"),
            GrantStatus.BotNotFound => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", "there is no such bot"),
            _ => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", "there is no such chat; one that has not been seen yet is named tg:<bot id>:<Telegram chat id>"),
        };
    }

    private static async Task<int> ListAsync(CliSession session, long? keyId, CancellationToken cancellation)
    {
        var grants = await session.Grants.ListAsync(keyId, cancellation);
        var json = new GrantsJson([.. grants.Select(grant => new GrantedJson(grant.Id, grant.KeyId, grant.ChatId, grant.BotId, grant.CanRead, grant.CanSend, grant.CanManage))]);
        return session.Output.Done(json, CliJson.Default.GrantsJson, CliTable.Of(
            ["ID", "KEY", "CHAT", "BOT", "RIGHTS"],
            json.Grants.Select(grant => new object?[] { grant.Id, grant.KeyId, grant.ChatId, grant.BotId, Text(grant.Read, grant.Send, grant.Manage) })));
    }

    private static async Task<int> RevokeAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.Grants.RevokeAsync(id, cancellation)
            ? session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"grant {id} revoked")
            : session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no grant {id}");

    private static string Text(bool read, bool send, bool manage) =>
        string.Join(", ", new[] { read ? "read" : "", send ? "send" : "", manage ? "manage" : "" }.Where(right => right.Length > 0));
}
