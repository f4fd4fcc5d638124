using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary>Who may do what in a chat. Changed by who may manage it, who can give no right that he does not hold himself.</summary>
internal sealed class ChatPermissionsHandler(ChatAccess access, ChatPermissionQueries queries, GrantAdministration administration)
{
    private const string Path = "/api/v1/chats/{id}/permissions";

    private static readonly QueryReader Pages = new(OffsetPage.Names), Whose = new("api_key_id", "user_id", "thread_id");
    private static readonly DocumentedError NoPrincipal = new(404, "PRINCIPAL_NOT_FOUND", "There is no such key or user.");
    private static readonly DocumentedError NoPermission = new(404, "PERMISSION_NOT_FOUND", "There is no such right.");
    private static readonly DocumentedError NotHeld = new(403, "RIGHT_NOT_HELD", "The caller does not have all of these rights.");

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", Path, ListAsync, "chat_permissions_list")
        {
            Needs = PermissionNames.Of(Permission.PermissionsRead),
            Document = new("Who may do what in a chat")
            {
                Description = "By rights on the chat itself; rights on its bot hold in the chat too and are listed with their keys. Whoever reads single threads of the chat only does not see the list.",
                Path = ChatShapes.Id,
                Query = OffsetPage.Document,
                Answer = JsonShape.OffsetPage("permissions", ChatPermissionShapes.Permission),
                Errors = [ChatAccess.NotFound, ChatAccess.PartOnly],
            },
        },
        new("PUT", Path, SetAsync, "chat_permissions_set")
        {
            Needs = PermissionNames.Of(Permission.PermissionsWrite),
            Document = new("Give exactly these rights in a chat")
            {
                Description = "What was given before there is replaced. Running streams follow within a second. In a group that became a supergroup the rights are given in that, and what is not given is taken back in the group's history too.",
                Path = ChatShapes.Id,
                Body = ChatPermissionShapes.Given,
                Answer = ChatPermissionShapes.Permission,
                Errors = [ChatAccess.NotFound, NoPrincipal, NotHeld],
            },
        },
        new("DELETE", Path, RemoveAsync, "chat_permissions_remove")
        {
            Needs = PermissionNames.Of(Permission.PermissionsWrite),
            Document = new("Take back a key's or user's rights in a chat")
            {
                Description = "Of a supergroup and the group that it was, whichever is named: in both.",
                Path = ChatShapes.Id,
                Query =
                [
                    new("api_key_id", JsonKind.Integer, "Whose: a key's…"), new("user_id", JsonKind.Integer, "…or a user's."),
                    new("thread_id", JsonKind.Integer, "Only those in this forum topic; absent: all."),
                ],
                Status = 204,
                Errors = [ChatAccess.NotFound, NoPermission],
            },
        },
    ];

    private async Task ListAsync(Exchange exchange)
    {
        var values = Pages.Read(exchange);
        var errors = new ValidationErrors();
        if (values.Problem is { } problem) errors.Add("query", problem);
        var page = values.Problem is null ? OffsetPage.Read(values, errors) : default;
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        if (await access.FindWholeAsync(exchange, exchange.Values.First) is not { } chat) return;
        var (permissions, total) = await queries.ListAsync(chat.Id, page.Offset, page.Limit, exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (permissions, total, page), static (json, state) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("permissions");
            foreach (var permission in state.permissions) Write(json, permission);
            json.WriteEndArray();
            state.page.Write(json, state.total);
            json.WriteEndObject();
        });
    }

    private async Task SetAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, ChatPermissionShapes.Given) is not { } body) return;
        var errors = new ValidationErrors();
        var to = PrincipalOf(body.Long("api_key_id"), body.Long("user_id"), errors);
        var rights = Flag(body, "can_read", ChatRights.Read) | Flag(body, "can_send", ChatRights.Send) | Flag(body, "can_manage", ChatRights.Manage);
        if (rights == ChatRights.None) errors.Add("can_read", "is one of three of which one must be true; DELETE takes rights back");
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        if (await access.FindManagedAsync(exchange, exchange.Values.First) is not { } chat) return;
        var target = GrantTarget.InChat(new ChatName(chat.Id, 0, 0), body.Long("thread_id") ?? 0);
        var given = await administration.SetAsync(exchange.Actor(), exchange.Principal().Grants, to, target, rights, CancellationToken.None);
        if (given.Status != GrantStatus.Done)
        {
            await FailAsync(exchange, given.Status);
            return;
        }

        // Gone again already: then it is as if it had never been given.
        if (await queries.FindAsync(given.Id, exchange.Aborted) is { } permission) await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, permission, Write);
        else await FailAsync(exchange, GrantStatus.NotGranted);
    }

    private async Task RemoveAsync(Exchange exchange)
    {
        var values = Whose.Read(exchange);
        if (values.Problem is { } problem)
        {
            await ValidationErrors.ReplyAsync(exchange, "query", problem);
            return;
        }

        var errors = new ValidationErrors();
        if (!values.TryGetLong("api_key_id", out var key)) errors.Add("api_key_id", "must be an integer");
        if (!values.TryGetLong("user_id", out var user)) errors.Add("user_id", "must be an integer");
        if (!values.TryGetLong("thread_id", out var thread)) errors.Add("thread_id", "must be an integer");
        var from = PrincipalOf(key, user, errors);
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        if (await access.FindManagedAsync(exchange, exchange.Values.First) is not { } chat) return;
        var removed = await administration.RemoveAsync(
            exchange.Actor(), exchange.Principal().Grants, from, GrantTarget.InChat(new ChatName(chat.Id, 0, 0)), thread, CancellationToken.None);
        if (removed.Status == GrantStatus.Done) exchange.Response.StatusCode = StatusCodes.Status204NoContent;
        else await FailAsync(exchange, removed.Status);
    }

    private static PrincipalId PrincipalOf(long? key, long? user, ValidationErrors errors)
    {
        if (key is null == user is null) errors.Add("api_key_id", "or user_id must be given, one of them");
        return key is { } keyId ? PrincipalId.Key(keyId) : PrincipalId.User(user ?? 0);
    }

    private static ChatRights Flag(JsonBody body, string name, ChatRights right) => body.Bool(name) == true ? right : ChatRights.None;

    private static Task FailAsync(Exchange exchange, GrantStatus status) => status switch
    {
        GrantStatus.PrincipalNotFound => RefuseAsync(exchange, NoPrincipal),
        GrantStatus.NotGranted => RefuseAsync(exchange, NoPermission),
        GrantStatus.NotHeld => RefuseAsync(exchange, NotHeld),
        GrantStatus.NotManaged => ChatAccess.ForbidAsync(exchange),
        _ => ChatAccess.NotFoundAsync(exchange),
    };

    private static Task RefuseAsync(Exchange exchange, DocumentedError error) => ErrorReply.WriteAsync(exchange, error.Status, error.Code, error.When);

    private static void Write(Utf8JsonWriter json, ChatPermission permission)
    {
        json.WriteStartObject();
        json.WriteNumber("chat_id", permission.ChatId);
        WriteNumber(json, "thread_id", permission.ThreadId == 0 ? null : permission.ThreadId);
        WriteNumber(json, "api_key_id", permission.Principal.Kind == PrincipalKind.ApiKey ? permission.Principal.Id : null);
        WriteNumber(json, "user_id", permission.Principal.Kind == PrincipalKind.User ? permission.Principal.Id : null);
        json.WriteString("name", permission.Name);
        json.WriteBoolean("can_read", (permission.Rights & ChatRights.Read) != 0);
        json.WriteBoolean("can_send", (permission.Rights & ChatRights.Send) != 0);
        json.WriteBoolean("can_manage", (permission.Rights & ChatRights.Manage) != 0);
        json.WriteString("created_at", DateTimeOffset.FromUnixTimeMilliseconds(permission.CreatedAtMs).UtcDateTime);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
