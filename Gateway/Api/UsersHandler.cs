using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>/api/v1/users</c> and <c>/api/v1/roles</c>.</summary>
/// <param name="readFresh">Reads permissions at once, so that a change holds for the next call.</param>
internal sealed class UsersHandler(UserAdministration users, UserQueries queries, Func<Task<bool>> readFresh)
{
    private static readonly DocumentedParameter[] Id = [new("id", JsonKind.Integer, "The user's id.")];
    private static readonly DocumentedError NotFound = new(404, "USER_NOT_FOUND", "There is no such user.");
    private static readonly DocumentedError NameTaken = new(409, "NAME_TAKEN", "Another user has this name.");
    private static readonly DocumentedError LastAdmin = new(409, "LAST_ADMIN", "Nobody would be left who may do everything.");
    private static readonly DocumentedError Exceeds = new(403, "EXCEEDS_AUTHORITY", "The user has, or would get, more than the caller.");

    private readonly QueryReader page = new(OffsetPage.Names);

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/api/v1/users", ListAsync, "users_list")
        {
            Needs = PermissionNames.Of(Permission.UsersRead),
            Document = new("List users") { Query = OffsetPage.Document, Answer = UserShapes.Page },
        },
        new("POST", "/api/v1/users", AddAsync, "users_add")
        {
            Needs = PermissionNames.Of(Permission.UsersWrite),
            Document = new("Add a user") { Body = UserShapes.Add, Answer = UserShapes.User, Status = 201, Errors = [Exceeds, NameTaken] },
        },
        new("GET", "/api/v1/users/{id}", GetAsync, "users_get")
        {
            Needs = PermissionNames.Of(Permission.UsersRead),
            Document = new("Get a user") { Path = Id, Answer = UserShapes.User, Errors = [NotFound] },
        },
        new("PATCH", "/api/v1/users/{id}", ChangeAsync, "users_change")
        {
            Needs = PermissionNames.Of(Permission.UsersWrite),
            Document = new("Change a user")
            {
                Description = "What is not given stays. A new password, and disabling, end all of the user's sessions.",
                Path = Id,
                Body = UserShapes.Change,
                Answer = UserShapes.User,
                Errors = [Exceeds, NotFound, NameTaken, LastAdmin],
            },
        },
        new("DELETE", "/api/v1/users/{id}", DeleteAsync, "users_delete")
        {
            Needs = PermissionNames.Of(Permission.UsersWrite),
            Document = new("Delete a user, with its sessions and rights") { Path = Id, Status = 204, Errors = [Exceeds, NotFound, LastAdmin] },
        },
        new("GET", "/api/v1/roles", ListRolesAsync, "roles_list")
        {
            Needs = PermissionNames.Of(Permission.UsersRead),
            Document = new("List roles with their permissions") { Answer = UserShapes.Roles },
        },
    ];

    private async Task ListAsync(Exchange exchange)
    {
        var query = page.Read(exchange);
        var errors = new ValidationErrors();
        var asked = OffsetPage.Read(query, errors);
        if (query.Problem is { } problem) errors.Add("query", problem);
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        var (list, total) = await queries.ListAsync(asked.Offset, asked.Limit, exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (list, total, asked), static (json, answer) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("users");
            foreach (var user in answer.list) UserShapes.Write(json, user);
            json.WriteEndArray();
            answer.asked.Write(json, answer.total);
            json.WriteEndObject();
        });
    }

    private async Task GetAsync(Exchange exchange)
    {
        if (IdOf(exchange) is { } id && await queries.FindAsync(id, exchange.Aborted) is { } user) await ReplyAsync(exchange, StatusCodes.Status200OK, user);
        else await NotFoundAsync(exchange);
    }

    private async Task AddAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, UserShapes.Add) is not { } body || !await IsValidAsync(exchange, body)) return;
        var outcome = await users.AddAsync(
            exchange.Actor(), Authority.Of(exchange.Principal()), body.String("name")!, body.Strings("roles")!, body.String("password")!, exchange.Aborted);
        if (outcome.Status == UserStatus.Done)
        {
            exchange.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"/api/v1/users/{outcome.Id}");
            await ReplyAsync(exchange, StatusCodes.Status201Created, (await queries.FindAsync(outcome.Id, exchange.Aborted))!);
        }
        else
        {
            await RefuseAsync(exchange, outcome);
        }
    }

    private async Task ChangeAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, UserShapes.Change) is not { } body || !await IsValidAsync(exchange, body)) return;
        if (IdOf(exchange) is not { } id)
        {
            await NotFoundAsync(exchange);
            return;
        }

        var change = new UserChange(body.String("name"), body.Strings("roles"), body.Bool("is_disabled"), body.String("password"));
        var outcome = await users.ChangeAsync(exchange.Actor(), Authority.Of(exchange.Principal()), id, change, exchange.Aborted);
        var user = outcome.Status == UserStatus.Done ? await queries.FindAsync(id, exchange.Aborted) : null;
        if (outcome.Status == UserStatus.Done) await readFresh();
        await (user is not null ? ReplyAsync(exchange, StatusCodes.Status200OK, user) : RefuseAsync(exchange, outcome));
    }

    private async Task DeleteAsync(Exchange exchange)
    {
        if (IdOf(exchange) is not { } id)
        {
            await NotFoundAsync(exchange);
            return;
        }

        var outcome = await users.DeleteAsync(exchange.Actor(), Authority.Of(exchange.Principal()), id, exchange.Aborted);
        if (outcome.Status != UserStatus.Done)
        {
            await RefuseAsync(exchange, outcome);
            return;
        }

        await readFresh();
        exchange.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ListRolesAsync(Exchange exchange) =>
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, await queries.RolesAsync(exchange.Aborted), static (json, roles) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("roles");
            foreach (var role in roles)
            {
                json.WriteStartObject();
                json.WriteString("name", role.Name);
                UserShapes.WriteList(json, "permissions", role.Permissions);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    /// <summary>What the shapes cannot say.</summary>
    private static async ValueTask<bool> IsValidAsync(Exchange exchange, JsonBody body)
    {
        var errors = new ValidationErrors();
        if (body.String("name") is { } name && name.Trim() != name) errors.Add("name", "must not begin or end with a space");
        if (body.String("password") is { } password && PasswordHasher.Problem(password) is { } problem) errors.Add("password", problem);
        if (errors.IsEmpty) return true;
        await errors.ReplyAsync(exchange);
        return false;
    }

    private static long? IdOf(Exchange exchange) =>
        long.TryParse(exchange.Values.First, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    private static Task ReplyAsync(Exchange exchange, int status, UserInfo user) => JsonReply.WriteAsync(exchange, status, user, UserShapes.Write);

    private static Task NotFoundAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status404NotFound, NotFound.Code, NotFound.When);

    private static Task RefuseAsync(Exchange exchange, UserOutcome outcome) => outcome.Status switch
    {
        UserStatus.NameTaken => ErrorReply.WriteAsync(exchange, NameTaken.Status, NameTaken.Code, NameTaken.When),
        UserStatus.LastAdmin => ErrorReply.WriteAsync(exchange, LastAdmin.Status, LastAdmin.Code, LastAdmin.When),
        UserStatus.ExceedsAuthority => ErrorReply.WriteAsync(exchange, Exceeds.Status, Exceeds.Code, Exceeds.When),
        UserStatus.UnknownRole => ValidationErrors.ReplyAsync(exchange, "roles", "has one that is no role; GET /api/v1/roles lists them"),
        UserStatus.InvalidPassword => ValidationErrors.ReplyAsync(exchange, "password", outcome.Detail!),
        _ => NotFoundAsync(exchange),
    };
}
