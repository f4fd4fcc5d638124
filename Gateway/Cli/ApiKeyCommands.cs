using System.CommandLine;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>apikey create | list | show | set | revoke | delete</c></summary>
internal static class ApiKeyCommands
{
    private static readonly Option<string> Name = new("--name") { Description = "What the key is for", HelpName = "NAME", Required = true };
    private static readonly Option<string?> NewName = new("--name") { Description = "What the key is for", HelpName = "NAME" };
    private static readonly Option<bool> DefaultScopes = new("--default-scopes") { Description = "Take the key's own scopes away: it has those of a key made without" };
    private static readonly Option<bool> DefaultRate = new("--default-rate") { Description = "Take the key's own rate and burst away: the server's hold" };
    private static readonly Option<long> Id = new("--id") { Description = "The key's id", HelpName = "ID", Required = true };

    public static Command Create()
    {
        var create = new Command("create", "Make a key and show it once. Example: gateway apikey create --name support-desk --expires 90d")
            { Name, ApiKeyOptions.Admin, ApiKeyOptions.Scope, ApiKeyOptions.Expires, ApiKeyOptions.Rate, ApiKeyOptions.Burst };
        create.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => CreateAsync(session, arguments, cancellation), cancellation));

        var list = new Command("list", "All keys, without their secrets. Example: gateway apikey list --json");
        list.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => ListAsync(session, cancellation), cancellation));

        var show = new Command("show", "One key, without its secret. Example: gateway apikey show --id 2 --json") { Id };
        show.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => ShowAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        var set = new Command("set", "Change a key; running streams follow within a second. Example: gateway apikey set --id 2 --rate 1000 --burst 5000")
            { Id, NewName, ApiKeyOptions.Scope, DefaultScopes, ApiKeyOptions.Expires, ApiKeyOptions.Rate, ApiKeyOptions.Burst, DefaultRate };
        set.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => SetAsync(session, arguments, cancellation), cancellation));

        var revoke = new Command("revoke", "End a key; its streams are cut within a second. Example: gateway apikey revoke --id 2") { Id };
        revoke.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => RevokeAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        var delete = new Command("delete", "End a key and forget it and its grants. Example: gateway apikey delete --id 2") { Id };
        delete.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => DeleteAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        return new Command("apikey", "Make, list, change, revoke and delete API keys") { create, list, show, set, revoke, delete };
    }

    private static async Task<int> CreateAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var (settings, code, problem) = ApiKeyOptions.Apply(
            arguments, new ApiKeySettings(arguments.GetRequiredValue(Name).Trim(), arguments.GetValue(ApiKeyOptions.Admin)), session.Time.GetUtcNow());
        if (settings is null) return session.Output.Fail(ExitCode.Usage, code, problem);
        var created = (await session.ApiKeys.CreateAsync(Actor.CommandLine, giver: null, settings, cancellation))!;
        return session.Output.Done(
            new ApiKeyCreatedJson(
                created.Id, settings.Name, created.Text, settings.IsAdmin, Scopes(settings), CliTime.Text(settings.ExpiresAtMs), settings.RatePerSecond, settings.RateBurst),
            KeyJson.Default.ApiKeyCreatedJson,
            $"API key {created.Id} ({settings.Name}){(settings.IsAdmin ? ", admin" : "")}, shown once:\n{created.Text}"
            + (settings.IsAdmin ? "" : $"\nIt may read nothing yet. Next: gateway grant chat --key {created.Id} --chat ID --read"));
    }

    private static async Task<int> ListAsync(CliSession session, CancellationToken cancellation)
    {
        var keys = await session.ApiKeyLists.ListAsync(int.MaxValue, 0, cancellation);
        var json = new ApiKeysJson([.. keys.Select(ToJson)]);
        return session.Output.Done(json, KeyJson.Default.ApiKeysJson, CliTable.Of(
            ["ID", "NAME", "ADMIN", "EXPIRES", "REVOKED", "LAST USED", "MADE"],
            json.ApiKeys.Select(key => new object?[] { key.Id, key.Name, key.Admin ? "yes" : "", key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.CreatedAt })));
    }

    private static async Task<int> ShowAsync(CliSession session, long id, CancellationToken cancellation)
    {
        if (await session.ApiKeyLists.FindAsync(id, cancellation) is not { } key) return NotFound(session, id);
        var json = ToJson(key);
        return session.Output.Done(json, KeyJson.Default.ApiKeyJson, CliTable.Of(
            ["ID", "NAME", "ADMIN", "SCOPES", "EXPIRES", "RATE", "BURST", "REVOKED", "LAST USED", "MADE"],
            [[json.Id, json.Name, json.Admin ? "yes" : "", string.Join(' ', json.Scopes), json.ExpiresAt, json.RatePerSecond, json.RateBurst, json.RevokedAt, json.LastUsedAt, json.CreatedAt]]));
    }

    private static async Task<int> SetAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var id = arguments.GetValue(Id);
        if (await session.ApiKeyLists.FindAsync(id, cancellation) is not { } key) return NotFound(session, id);
        var (checkedNow, code, problem) = Changed(key.Settings);
        if (checkedNow is null) return session.Output.Fail(ExitCode.Usage, code, problem);

        // Once more on what is there inside the transaction: another may have changed the key since.
        var status = await session.ApiKeys.UpdateAsync(Actor.CommandLine, giver: null, id, settings => Changed(settings).Settings ?? settings, cancellation);
        return status == ApiKeyStatus.NotFound ? NotFound(session, id) : await ShowAsync(session, id, cancellation);

        (ApiKeySettings? Settings, string Code, string Problem) Changed(ApiKeySettings settings)
        {
            settings = settings with
            {
                Name = arguments.GetValue(NewName)?.Trim() ?? settings.Name,
                Scopes = arguments.GetValue(DefaultScopes) ? null : settings.Scopes,
                RatePerSecond = arguments.GetValue(DefaultRate) ? null : settings.RatePerSecond,
                RateBurst = arguments.GetValue(DefaultRate) ? null : settings.RateBurst,
            };
            return ApiKeyOptions.Apply(arguments, settings, session.Time.GetUtcNow());
        }
    }

    private static async Task<int> RevokeAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.ApiKeys.RevokeAsync(Actor.CommandLine, giver: null, id, cancellation) switch
        {
            ApiKeyStatus.Done => session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"API key {id} revoked"),
            ApiKeyStatus.Unchanged => session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"API key {id} was revoked already"),
            _ => NotFound(session, id),
        };

    private static async Task<int> DeleteAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.ApiKeys.DeleteAsync(Actor.CommandLine, giver: null, id, cancellation) == ApiKeyStatus.Done
            ? session.Output.Done(new DeletedJson(id, true), KeyJson.Default.DeletedJson, $"API key {id} and its grants deleted")
            : NotFound(session, id);

    private static int NotFound(CliSession session, long id) => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no API key {id}");

    private static ApiKeyJson ToJson(ApiKeyInfo key) => new(
        key.Id, key.Settings.Name, key.Settings.IsAdmin, Scopes(key.Settings), CliTime.Text(key.Settings.ExpiresAtMs), key.Settings.RatePerSecond,
        key.Settings.RateBurst, CliTime.Text(key.RevokedAtMs), CliTime.Text(key.LastUsedAtMs), CliTime.Text(key.CreatedAtMs)!);

    private static string[] Scopes(ApiKeySettings settings) => settings.Scopes is { Length: > 0 } text ? text.Split(' ') : [];
}
