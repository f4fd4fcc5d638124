using System.Globalization;
using Gateway.Access;
using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>/api/v1/apikeys</c>. What keys may do in which chats is <see cref="GrantsHandler"/>'s.</summary>
/// <param name="readFresh">Reads permissions at once, so that a change holds for the next call.</param>
internal sealed class ApiKeysHandler(ApiKeyAdministration keys, ApiKeyQueries queries, Func<Task<bool>> readFresh, TimeProvider time)
{
    private static readonly DocumentedParameter[] Id = [new("id", JsonKind.Integer, "The key's id.")];
    private static readonly DocumentedError NotFound = new(404, "APIKEY_NOT_FOUND", "There is no such API key.");
    private static readonly DocumentedError Exceeds = new(403, "EXCEEDS_AUTHORITY", "The key may do, or would, more than the caller.");

    private readonly QueryReader page = new(OffsetPage.Names);

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/api/v1/apikeys", ListAsync, "apikeys_list")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysRead),
            Document = new("List API keys") { Query = OffsetPage.Document, Answer = ApiKeyShapes.Page },
        },
        new("POST", "/api/v1/apikeys", AddAsync, "apikeys_add")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysWrite),
            Document = new("Make an API key")
            {
                Description = "The answer shows the key, once.", Body = ApiKeyShapes.Add, Answer = ApiKeyShapes.Created, Status = 201, Errors = [Exceeds],
            },
        },
        new("GET", "/api/v1/apikeys/{id}", GetAsync, "apikeys_get")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysRead),
            Document = new("Get an API key, without its secret") { Path = Id, Answer = ApiKeyShapes.ApiKey, Errors = [NotFound] },
        },
        new("PATCH", "/api/v1/apikeys/{id}", ChangeAsync, "apikeys_change")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysWrite),
            Document = new("Change an API key")
            {
                Description = "What is not given stays. Running streams follow within a second.",
                Path = Id, Body = ApiKeyShapes.Change, Answer = ApiKeyShapes.ApiKey, Errors = [Exceeds, NotFound],
            },
        },
        new("POST", "/api/v1/apikeys/{id}/revoke", RevokeAsync, "apikeys_revoke")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysWrite),
            Document = new("End an API key")
            {
                Description = "On every transport within a second. It stays in the list.", Path = Id, Answer = ApiKeyShapes.ApiKey, Errors = [Exceeds, NotFound],
            },
        },
        new("DELETE", "/api/v1/apikeys/{id}", DeleteAsync, "apikeys_delete")
        {
            Needs = PermissionNames.Of(Permission.ApiKeysWrite),
            Document = new("Delete an API key, with its grants") { Path = Id, Status = 204, Errors = [Exceeds, NotFound] },
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

        var list = await queries.ListAsync(asked.Limit, asked.Offset, exchange.Aborted);
        var total = await queries.CountAsync(exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (list, total, asked), static (json, answer) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("apikeys");
            foreach (var key in answer.list) ApiKeyShapes.Write(json, key);
            json.WriteEndArray();
            answer.asked.Write(json, answer.total);
            json.WriteEndObject();
        });
    }

    private Task GetAsync(Exchange exchange) => IdOf(exchange) is { } id ? ShowAsync(exchange, id) : NotFoundAsync(exchange);

    private async Task AddAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, ApiKeyShapes.Add) is not { } body || !await IsValidAsync(exchange, body)) return;
        var settings = Merge(body, new ApiKeySettings("", body.Bool("is_admin") ?? false));
        var created = await keys.CreateAsync(exchange.Actor(), exchange.Principal(), settings, exchange.Aborted);
        if (created is null)
        {
            await ErrorReply.WriteAsync(exchange, Exceeds.Status, Exceeds.Code, Exceeds.When);
            return;
        }

        exchange.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"/api/v1/apikeys/{created.Id}");
        // Holds a secret.
        exchange.Response.Headers.CacheControl = "no-store";
        var info = new ApiKeyInfo(created.Id, settings, null, null, time.GetUtcNow().ToUnixTimeMilliseconds());
        await JsonReply.WriteAsync(exchange, StatusCodes.Status201Created, (info, created.Text), ApiKeyShapes.WriteCreated);
    }

    private async Task ChangeAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, ApiKeyShapes.Change) is not { } body || !await IsValidAsync(exchange, body)) return;
        if (IdOf(exchange) is { } id)
            await FinishAsync(exchange, id, await keys.UpdateAsync(exchange.Actor(), exchange.Principal(), id, settings => Merge(body, settings), exchange.Aborted));
        else await NotFoundAsync(exchange);
    }

    private async Task RevokeAsync(Exchange exchange)
    {
        if (IdOf(exchange) is { } id) await FinishAsync(exchange, id, await keys.RevokeAsync(exchange.Actor(), exchange.Principal(), id, exchange.Aborted));
        else await NotFoundAsync(exchange);
    }

    private async Task DeleteAsync(Exchange exchange)
    {
        var status = IdOf(exchange) is { } id ? await keys.DeleteAsync(exchange.Actor(), exchange.Principal(), id, exchange.Aborted) : ApiKeyStatus.NotFound;
        if (status != ApiKeyStatus.Done)
        {
            await RefuseAsync(exchange, status);
            return;
        }

        await readFresh();
        exchange.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task FinishAsync(Exchange exchange, long id, ApiKeyStatus status)
    {
        if (status is ApiKeyStatus.Done) await readFresh();
        await (status is ApiKeyStatus.Done or ApiKeyStatus.Unchanged ? ShowAsync(exchange, id) : RefuseAsync(exchange, status));
    }

    private async Task ShowAsync(Exchange exchange, long id)
    {
        if (await queries.FindAsync(id, exchange.Aborted) is { } key) await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, key, ApiKeyShapes.Write);
        else await NotFoundAsync(exchange);
    }

    private static ApiKeySettings Merge(JsonBody body, ApiKeySettings settings) => settings with
    {
        Name = body.String("name") ?? settings.Name,
        Scopes = !body.Has("scopes") ? settings.Scopes : body.Strings("scopes") is { } names ? ApiKeySettings.JoinScopes(names) : null,
        ExpiresAtMs = body.Has("expires_at") ? body.Time("expires_at")?.ToUnixTimeMilliseconds() : settings.ExpiresAtMs,
        RatePerSecond = body.Has("rate_per_second") ? (int?)body.Long("rate_per_second") : settings.RatePerSecond,
        RateBurst = body.Has("rate_burst") ? (int?)body.Long("rate_burst") : settings.RateBurst,
    };

    /// <summary>What the shapes cannot say.</summary>
    private async ValueTask<bool> IsValidAsync(Exchange exchange, JsonBody body)
    {
        var errors = new ValidationErrors();
        if (body.String("name") is { } name && !ApiKeySettings.IsName(name)) errors.Add("name", "must not begin or end with a space");
        if (body.Time("expires_at") is { } end && end <= time.GetUtcNow()) errors.Add("expires_at", "must be in the future");
        if (errors.IsEmpty) return true;
        await errors.ReplyAsync(exchange);
        return false;
    }

    private static long? IdOf(Exchange exchange) =>
        long.TryParse(exchange.Values.First, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    private static Task RefuseAsync(Exchange exchange, ApiKeyStatus status) =>
        status == ApiKeyStatus.NotHeld ? ErrorReply.WriteAsync(exchange, Exceeds.Status, Exceeds.Code, Exceeds.When) : NotFoundAsync(exchange);

    private static Task NotFoundAsync(Exchange exchange) => ErrorReply.WriteAsync(exchange, NotFound.Status, NotFound.Code, NotFound.When);
}
