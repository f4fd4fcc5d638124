using System.Globalization;
using System.Net;
using Gateway.Http;
using Gateway.Storage;

namespace Gateway.Access;

internal enum LoginStatus
{
    LoggedIn,

    /// <summary>Name or password is wrong, or the user is disabled: which of them is not told.</summary>
    Refused,

    /// <summary>Too many wrong passwords, from this address or for this account.</summary>
    Limited,

    /// <summary>It cannot be checked now: 503.</summary>
    Unavailable,
}

/// <param name="Wait">When limited: how long.</param>
internal readonly record struct LoginOutcome(LoginStatus Status, SessionTokens? Tokens = null, TimeSpan Wait = default);

internal enum OwnPasswordStatus
{
    Changed,
    WrongPassword,
    Limited,
    Unavailable,
}

internal readonly record struct OwnPasswordOutcome(OwnPasswordStatus Status, TimeSpan Wait = default);

/// <summary>
/// Names and passwords. Whether a name exists is told by nothing: not by the answer, not by its time (an unknown name and a disabled user are
/// held against a hash of nobody), and not by the limits, which count unknown names too.
/// </summary>
/// <param name="denials">Where refusals are noted; null: nowhere.</param>
internal sealed class Logins(
    IDatabase database, PasswordHasher hasher, LoginLimiter limiter, Sessions sessions, UserAdministration users, TimeProvider time, AuditDenials? denials = null)
{
    /// <summary>Begins the counts that are no login's: what a stranger gives as a name has no control characters (<see cref="JsonBody"/>).</summary>
    private const char Apart = '\0';

    private sealed record Found(long Id, string Name, string Hash, bool IsDisabled, bool KnowsAddress);

    public bool TryCountRefresh(IPAddress? address, out TimeSpan wait) => limiter.TryCountRefresh(address, out wait);

    public async Task<LoginOutcome> LogInAsync(string name, string password, IPAddress? address, string requestId, CancellationToken cancellation)
    {
        // Nobody yet, and without the name: people type their password there.
        var from = Callers.TextOf(address);
        var stranger = new Actor(ActorKind.Nobody, 0, "", from, requestId);
        if (!limiter.TryCountAddress(address, out var wait, out var addressWindow))
        {
            denials?.Note(stranger, "auth.login_limited", "address", "");
            return new(LoginStatus.Limited, Wait: wait);
        }

        var found = await FindAsync(name, from, cancellation);
        // Where the account is logged in already it is not locked out by what others try elsewhere, but it has the same share there: all who come
        // through one proxy have one address, and a name that could be tried without end there would be told apart from one that nobody has.
        var account = found is { KnowsAddress: true } ? $"{Apart}at {from} {name}" : name;
        if (!limiter.TryCountAccount(account, out wait, out var accountWindow))
        {
            denials?.Note(stranger, "auth.login_limited", "user", IdText(found));
            return new(LoginStatus.Limited, Wait: wait);
        }

        var verdict = await hasher.VerifyAsync(password, found is { IsDisabled: false } ? found.Hash : null);
        if (verdict == PasswordVerdict.Wrong)
        {
            AccessTelemetry.RefusedLogins.Add(1);
            denials?.Note(stranger, "auth.login", "user", IdText(found));
            return new(LoginStatus.Refused);
        }

        limiter.ForgiveAddress(address, addressWindow);
        limiter.ForgiveAccount(account, accountWindow);
        if (verdict == PasswordVerdict.Unavailable) return new(LoginStatus.Unavailable);
        var actor = new Actor(ActorKind.User, found!.Id, found.Name, from, requestId);
        return await sessions.OpenAsync(actor, found.Hash, cancellation) is { } tokens ? new(LoginStatus.LoggedIn, tokens) : new(LoginStatus.Refused);
    }

    /// <summary>
    /// A user's own, with the old one: an access token alone, left open somewhere, does not take the account over. Ends all of the user's sessions.
    /// </summary>
    public async Task<OwnPasswordOutcome> ChangeAsync(Actor actor, IPAddress? address, string oldPassword, string newPassword, CancellationToken cancellation)
    {
        // The user is known here, so its tries count apart from the logins that strangers can use up.
        var own = string.Create(CultureInfo.InvariantCulture, $"{Apart}own {actor.Id}");
        if (!limiter.TryCountAddress(address, out var wait, out var addressWindow)) return new(OwnPasswordStatus.Limited, wait);
        if (!limiter.TryCountAccount(own, out wait, out var ownWindow)) return new(OwnPasswordStatus.Limited, wait);
        var hash = await users.ReadHashAsync(actor.Id, cancellation);
        var verdict = await hasher.VerifyAsync(oldPassword, hash);
        if (verdict == PasswordVerdict.Wrong)
        {
            denials?.Note(actor, "user.password", "user", actor.Id.ToString(CultureInfo.InvariantCulture));
            return new(OwnPasswordStatus.WrongPassword);
        }

        limiter.ForgiveAddress(address, addressWindow);
        limiter.ForgiveAccount(own, ownWindow);
        if (verdict == PasswordVerdict.Unavailable) return new(OwnPasswordStatus.Unavailable);
        return await users.ReplaceHashAsync(actor, actor.Id, hash!, await hasher.HashAsync(newPassword), cancellation)
            ? new(OwnPasswordStatus.Changed)
            : new(OwnPasswordStatus.WrongPassword);
    }

    private static string IdText(Found? found) => found?.Id.ToString(CultureInfo.InvariantCulture) ?? "";

    private async Task<Found?> FindAsync(string name, string? address, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT u.id, u.name, u.password_hash, u.is_disabled,
                   EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.address = @address AND s.revoked_at_ms IS NULL AND s.expires_at_ms > @now)
              FROM users u WHERE u.name = @name
            """;
        command.AddParameter("@name", name);
        command.AddParameter("@address", address);
        command.AddParameter("@now", time.GetUtcNow().ToUnixTimeMilliseconds());
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        var found = new Found(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3) != 0, reader.GetInt64(4) != 0);
        // MySQL compares as if both ended in as many spaces: under such names the account's tries would be counted apart.
        return found.Name == name ? found : null;
    }
}
