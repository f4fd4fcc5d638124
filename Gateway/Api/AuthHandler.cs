using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>/api/v1/auth</c>: from a password to tokens, and what one's credential is.</summary>
/// <param name="readFresh">Reads permissions at once, so that what a call ended is ended for the next call.</param>
internal sealed class AuthHandler(Logins logins, Sessions sessions, Tickets tickets, UserQueries users, Func<Task<bool>> readFresh, TimeProvider time, AuditDenials? denials = null)
{
    public IEnumerable<HttpRoute> Routes =>
    [
        new("POST", "/api/v1/auth/login", LogInAsync, "auth_login")
        {
            Needs = RouteNeeds.Public,
            Document = new("Log in")
            {
                Description = "Wrong passwords are limited per address and per account. The answer does not tell whether the name exists.",
                Body = AuthShapes.Login,
                Answer = AuthShapes.Tokens,
                Errors = [new(401, "INVALID_CREDENTIALS", "Name or password is wrong, or the user is disabled."), new(429, "RATE_LIMITED", "Too many wrong passwords.")],
            },
        },
        new("POST", "/api/v1/auth/refresh", RefreshAsync, "auth_refresh")
        {
            Needs = RouteNeeds.Public,
            Document = new("Exchange a refresh token for the next pair of tokens")
            {
                Description = "A refresh token is good once. One that is used again ends the session, because two parties hold it.",
                Body = AuthShapes.Refresh,
                Answer = AuthShapes.Tokens,
                Errors = [new(401, "INVALID_REFRESH_TOKEN", "It is unknown, expired, used, or of an ended session."), new(429, "RATE_LIMITED", "Too many refreshes from this address.")],
            },
        },
        new("POST", "/api/v1/auth/logout", LogOutAsync, "auth_logout")
        {
            Needs = RouteNeeds.Authenticated,
            Document = new("End the session") { Status = 204, Errors = [new(409, "NO_SESSION", "The credential is an API key.")] },
        },
        new("GET", "/api/v1/auth/me", MeAsync, "auth_me")
        {
            Needs = RouteNeeds.Authenticated,
            Document = new("Who the credential is and what it may call") { Answer = AuthShapes.Me },
        },
        new("POST", "/api/v1/auth/password", ChangePasswordAsync, "auth_password")
        {
            Needs = RouteNeeds.Authenticated,
            Document = new("Change one's own password")
            {
                Description = "Ends all of the user's sessions, this one too.",
                Body = AuthShapes.Password,
                Status = 204,
                Errors = [new(403, "WRONG_PASSWORD", "The old password is not right."), new(409, "NO_SESSION", "The credential is an API key.")],
            },
        },
        new("POST", "/api/v1/auth/tickets", IssueTicketAsync, "auth_tickets")
        {
            Needs = RouteNeeds.Authenticated,
            Document = new("Get a ticket for one stream")
            {
                Description = "For pages, whose streams cannot have headers. It is good once and stands for the credential that it was made with.",
                Answer = AuthShapes.Ticket,
                Status = 201,
            },
        },
    ];

    private async Task LogInAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, AuthShapes.Login) is not { } body) return;
        var address = exchange.ClientAddress;
        var outcome = await logins.LogInAsync(body.String("name")!, body.String("password")!, address, exchange.RequestId, exchange.Aborted);
        await (outcome.Status switch
        {
            LoginStatus.LoggedIn => ReplyAsync(exchange, outcome.Tokens!),
            LoginStatus.Limited => LimitAsync(exchange, outcome.Wait),
            LoginStatus.Unavailable => UnavailableAsync(exchange),
            _ => ErrorReply.WriteAsync(exchange, StatusCodes.Status401Unauthorized, "INVALID_CREDENTIALS", "Name or password is wrong."),
        });
    }

    private async Task RefreshAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, AuthShapes.Refresh) is not { } body) return;
        var from = exchange.Stranger();
        // Every refresh writes, and a used token comes as often as its holder likes.
        if (!logins.TryCountRefresh(exchange.ClientAddress, out var wait))
        {
            await ErrorReply.WriteAsync(exchange, StatusCodes.Status429TooManyRequests, "RATE_LIMITED", "Too many refreshes from this address; the token was not used.", wait,
                json => json.WriteNumber("retry_after", RetryAfter.Seconds(wait)));
            return;
        }

        // Not the request's token: a client that hangs up must not leave its token used and the next one unwritten.
        var outcome = await sessions.RefreshAsync(from, body.String("refresh_token")!, CancellationToken.None);
        if (outcome.Status == RefreshStatus.Reused) await readFresh();
        if (outcome.Tokens is null) denials?.Note(from, "auth.refresh", "session", "");
        // What was reused is not told apart: whoever has a stolen token learns nothing from trying it.
        await (outcome.Tokens is { } tokens
            ? ReplyAsync(exchange, tokens)
            : ErrorReply.WriteAsync(exchange, StatusCodes.Status401Unauthorized, "INVALID_REFRESH_TOKEN", "The refresh token is not valid (any more); log in again."));
    }

    private async Task LogOutAsync(Exchange exchange)
    {
        if (!await HasSessionAsync(exchange)) return;
        await sessions.EndAsync(exchange.Actor(), exchange.Principal().SessionId, CancellationToken.None);
        await readFresh();
        exchange.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ChangePasswordAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, AuthShapes.Password) is not { } body || !await HasSessionAsync(exchange)) return;
        var newPassword = body.String("new_password")!;
        if (PasswordHasher.Problem(newPassword) is { } problem)
        {
            await ValidationErrors.ReplyAsync(exchange, "new_password", problem);
            return;
        }

        var outcome = await logins.ChangeAsync(
            exchange.Actor(), exchange.ClientAddress, body.String("old_password")!, newPassword, CancellationToken.None);
        switch (outcome.Status)
        {
            case OwnPasswordStatus.Changed:
                await readFresh();
                exchange.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case OwnPasswordStatus.Limited:
                await LimitAsync(exchange, outcome.Wait);
                break;
            case OwnPasswordStatus.Unavailable:
                await UnavailableAsync(exchange);
                break;
            default:
                await ErrorReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, "WRONG_PASSWORD", "The old password is not right.");
                break;
        }
    }

    private async Task MeAsync(Exchange exchange)
    {
        var principal = exchange.Principal();
        var roles = principal.Id.Kind == PrincipalKind.User ? (await users.FindAsync(principal.Id.Id, exchange.Aborted))?.Roles : null;
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (principal, roles), static (json, me) =>
        {
            json.WriteStartObject();
            json.WriteString("kind", me.principal.Id.KindName);
            json.WriteNumber("id", me.principal.Id.Id);
            json.WriteString("name", me.principal.Name);
            json.WriteBoolean("is_admin", me.principal.Grants.IsAdmin);
            UserShapes.WriteList(json, "roles", me.roles ?? []);
            UserShapes.WriteList(json, "permissions", PermissionNames.Split(me.principal.Permissions));
            if (me.principal.SessionId == 0) json.WriteNull("session_id");
            else json.WriteNumber("session_id", me.principal.SessionId);
            JsonTime.WriteOrNull(json, "expires_at", me.principal.ExpiresAtMs);
            json.WriteEndObject();
        });
    }

    private async Task IssueTicketAsync(Exchange exchange)
    {
        var ticket = await tickets.IssueAsync(exchange.Principal(), exchange.Aborted);
        exchange.Response.Headers.CacheControl = "no-store";
        await JsonReply.WriteAsync(exchange, StatusCodes.Status201Created, ticket, static (json, ticket) =>
        {
            json.WriteStartObject();
            json.WriteString("ticket", ticket.Text);
            json.WriteNumber("expires_in", (long)Limits.Access.TicketLife.TotalSeconds);
            JsonTime.Write(json, "expires_at", ticket.ExpiresAtMs);
            json.WriteEndObject();
        });
    }

    private Task ReplyAsync(Exchange exchange, SessionTokens tokens)
    {
        // RFC 6749, 5.1: no cache may keep a token.
        exchange.Response.Headers.CacheControl = "no-store";
        var secondsLeft = (tokens.Access.ExpiresAtMs - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000;
        return JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, (tokens, secondsLeft), static (json, answer) => Write(json, answer.tokens, answer.secondsLeft));
    }

    private static void Write(Utf8JsonWriter json, SessionTokens tokens, long secondsLeft)
    {
        json.WriteStartObject();
        json.WriteString("access_token", tokens.Access.Text);
        json.WriteString("token_type", "Bearer");
        json.WriteNumber("expires_in", secondsLeft);
        JsonTime.Write(json, "expires_at", tokens.Access.ExpiresAtMs);
        json.WriteString("refresh_token", tokens.RefreshToken);
        JsonTime.Write(json, "refresh_expires_at", tokens.RefreshExpiresAtMs);
        json.WriteNumber("user_id", tokens.UserId);
        json.WriteNumber("session_id", tokens.SessionId);
        json.WriteEndObject();
    }

    private static async Task<bool> HasSessionAsync(Exchange exchange)
    {
        if (exchange.Principal().SessionId != 0) return true;
        await ErrorReply.WriteAsync(exchange, StatusCodes.Status409Conflict, "NO_SESSION", "An API key has no session and no password.");
        return false;
    }

    private static Task LimitAsync(Exchange exchange, TimeSpan wait) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status429TooManyRequests, "RATE_LIMITED", "Too many wrong passwords; this one was not looked at.", wait,
            json => json.WriteNumber("retry_after", RetryAfter.Seconds(wait)));

    private static Task UnavailableAsync(Exchange exchange) =>
        ErrorReply.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The password cannot be checked now; try again.", Limits.Access.LoginRetryAfter);
}
