using System.CommandLine;
using Gateway.Access;

namespace Gateway.Cli;

/// <summary><c>apikey create | list | revoke</c></summary>
internal static class ApiKeyCommands
{
    private static readonly Option<string> Name = new("--name") { Description = "What the key is for", HelpName = "NAME", Required = true };
    private static readonly Option<bool> Admin = new("--admin") { Description = "May read every chat of every bot, and administrate" };
    private static readonly Option<string[]> Scope = new("--scope") { Description = "A permission of the key, as messages:send; may be repeated", HelpName = "SCOPE", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> Expires = new("--expires") { Description = "When the key ends: 90d, 12h, 30m, 45s or an RFC 3339 time [default: never]", HelpName = "WHEN" };
    private static readonly Option<long> Id = new("--id") { Description = "The key's id", HelpName = "ID", Required = true };

    public static Command Create()
    {
        var create = new Command("create", "Make a key and show it once. Example: gateway apikey create --name support-desk --expires 90d") { Name, Admin, Scope, Expires };
        create.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => CreateAsync(session, arguments, cancellation), cancellation));

        var list = new Command("list", "All keys, without their secrets");
        list.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => ListAsync(session, cancellation), cancellation));

        var revoke = new Command("revoke", "End a key; its streams are cut within a second") { Id };
        revoke.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => RevokeAsync(session, arguments.GetValue(Id), cancellation), cancellation));

        return new Command("apikey", "Make, list and revoke API keys") { create, list, revoke };
    }

    private static async Task<int> CreateAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var name = arguments.GetRequiredValue(Name).Trim();
        if (name.Length is 0 or > 128) return session.Output.Fail(ExitCode.Usage, "INVALID_NAME", "--name has 1 to 128 characters");
        long? expiresAtMs = null;
        if (arguments.GetValue(Expires) is { } expires)
        {
            expiresAtMs = CliTime.ParseExpiry(expires, session.Time.GetUtcNow());
            if (expiresAtMs is null) return session.Output.Fail(ExitCode.Usage, "INVALID_EXPIRY", "--expires is 90d, 12h, 30m, 45s or a time in the future");
        }

        var scopes = arguments.GetValue(Scope) ?? [];
        if (scopes.Any(scope => scope.Length == 0 || scope.Contains(' '))) return session.Output.Fail(ExitCode.Usage, "INVALID_SCOPE", "a scope is one word, as messages:send");
        var admin = arguments.GetValue(Admin);
        var created = await session.ApiKeys.CreateAsync(name, admin, scopes.Length == 0 ? null : string.Join(' ', scopes), expiresAtMs, cancellation);
        return session.Output.Done(
            new ApiKeyCreatedJson(created.Id, name, created.Text, admin, scopes, CliTime.Text(expiresAtMs)),
            CliJson.Default.ApiKeyCreatedJson,
            $"API key {created.Id} ({name}){(admin ? ", admin" : "")}, shown once:\n{created.Text}"
            + (admin ? "" : $"\nIt may read nothing yet. Next: gateway grant chat --key {created.Id} --chat ID --read"));
    }

    private static async Task<int> ListAsync(CliSession session, CancellationToken cancellation)
    {
        var keys = await session.ApiKeys.ListAsync(cancellation);
        var json = new ApiKeysJson([.. keys.Select(ToJson)]);
        return session.Output.Done(json, CliJson.Default.ApiKeysJson, CliTable.Of(
            ["ID", "NAME", "ADMIN", "EXPIRES", "REVOKED", "MADE"],
            json.ApiKeys.Select(key => new object?[] { key.Id, key.Name, key.Admin ? "yes" : "", key.ExpiresAt, key.RevokedAt, key.CreatedAt })));
    }

    private static ApiKeyJson ToJson(ApiKeyInfo key) => new(
        key.Id, key.Name, key.IsAdmin, key.Scopes?.Split(' ') ?? [], CliTime.Text(key.ExpiresAtMs), CliTime.Text(key.RevokedAtMs), CliTime.Text(key.CreatedAtMs)!);

    private static async Task<int> RevokeAsync(CliSession session, long id, CancellationToken cancellation) =>
        await session.ApiKeys.RevokeAsync(id, cancellation) switch
        {
            RevokeStatus.Revoked => session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"API key {id} revoked"),
            RevokeStatus.AlreadyRevoked => session.Output.Done(new RevokedJson(id, true), CliJson.Default.RevokedJson, $"API key {id} was revoked already"),
            _ => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no API key {id}"),
        };
}
