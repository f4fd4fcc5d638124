using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Access;

/// <summary>What a client holds of a session: one token to call with, one to get the next pair with.</summary>
internal sealed record SessionTokens(long UserId, long SessionId, IssuedToken Access, string RefreshToken, long RefreshExpiresAtMs);

internal enum RefreshStatus
{
    Refreshed,

    /// <summary>Unknown, expired, or of a session that has ended.</summary>
    Refused,

    /// <summary>Used before: two parties hold it, and which is the thief cannot be known. The session has ended.</summary>
    Reused,
}

internal readonly record struct RefreshOutcome(RefreshStatus Status, SessionTokens? Tokens);

/// <summary>
/// Logins and their refresh tokens. A refresh token is good once; the pair it gives replaces it in the same transaction. A used one that comes again
/// ends the session, and with it every access token of it, on all gateways within a second (RFC 9700, 4.14.2).
/// </summary>
internal sealed class Sessions(IDatabase database, AccessTokens accessTokens, OpaqueTokens opaqueTokens, TimeProvider time, ILogger logger)
{
    /// <param name="actor">The user, and from where.</param>
    /// <param name="passwordHash">The one that was verified. Null is answered when it is another by now, or the user may not come in any more.</param>
    public Task<SessionTokens?> OpenAsync(Actor actor, string passwordHash, CancellationToken cancellation) =>
        ControlTransaction.RunQuietAsync(
            database,
            async commands =>
            {
                // Locked: a change of the password either sees this session and ends it, or is seen here.
                var user = await commands.ReadNumberAsync(
                    $"SELECT id FROM users WHERE id = @user AND password_hash = @hash AND is_disabled = 0{database.ForUpdate}",
                    ("@user", actor.Id),
                    ("@hash", passwordHash));
                if (user is null) return null;
                var now = time.GetUtcNow();
                await EndOldestAsync(commands, actor.Id, now.ToUnixTimeMilliseconds());
                var sessionId = await commands.InsertAsync(
                    "INSERT INTO sessions (user_id, created_at_ms, expires_at_ms, address) VALUES (@user, @now, @expires, @address)",
                    ("@user", actor.Id),
                    ("@now", now.ToUnixTimeMilliseconds()),
                    ("@expires", (now + Limits.Access.RefreshTokenLife).ToUnixTimeMilliseconds()),
                    ("@address", actor.Address));
                await commands.AuditAsync(actor, now, new AuditEntry("auth.login", "session", Text(sessionId), null, null));
                return await IssueAsync(commands, actor.Id, sessionId, now);
            },
            cancellation);

    /// <param name="from">Nobody yet, with an address.</param>
    public async Task<RefreshOutcome> RefreshAsync(Actor from, string refreshToken, CancellationToken cancellation)
    {
        if (!opaqueTokens.IsOurs(OpaqueTokens.RefreshPrefix, refreshToken)) return new(RefreshStatus.Refused, null);
        var hash = OpaqueTokens.Hash(refreshToken);
        return await ControlTransaction.RunQuietAsync(database, commands => RefreshAsync(commands, from, hash), cancellation);
    }

    /// <summary>Logout. False: it had ended already.</summary>
    public Task<bool> EndAsync(Actor actor, long sessionId, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var now = time.GetUtcNow();
                if (!await RevokeAsync(commands, sessionId, now)) return false;
                await commands.AuditAsync(actor, now, new AuditEntry("auth.logout", "session", Text(sessionId), null, null));
                return true;
            },
            cancellation);

    /// <summary>Every session of the user: its password changed, or it may not come in any more. Part of that change's transaction.</summary>
    public static Task EndAllAsync(ControlCommands commands, long userId, DateTimeOffset now) =>
        commands.ExecuteAsync(
            "UPDATE sessions SET revoked_at_ms = @now WHERE user_id = @user AND revoked_at_ms IS NULL",
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@user", userId));

    private sealed record Family(long SessionId, long UserId, bool IsUsed);

    private async Task<RefreshOutcome> RefreshAsync(ControlCommands commands, Actor from, byte[] hash)
    {
        var now = time.GetUtcNow();
        // First the statement that only one of two can win: it locks the row, and the other then finds the token used.
        var isMine = await commands.ExecuteAsync(
            "UPDATE refresh_tokens SET used_at_ms = @now WHERE hash = @hash AND used_at_ms IS NULL AND expires_at_ms > @now",
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@hash", hash)) > 0;
        var family = await commands.ReadRowAsync(
            "SELECT t.session_id, s.user_id, t.used_at_ms FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = @hash",
            row => new Family(row.GetInt64(0), row.GetInt64(1), !row.IsDBNull(2)),
            ("@hash", hash));
        if (family is null) return new(RefreshStatus.Refused, null);
        if (!isMine) return family.IsUsed ? await EndFamilyAsync(commands, from, family, now) : new(RefreshStatus.Refused, null);

        // Disabling a user ends its sessions, so asking the session is asking the user too.
        var lives = await commands.ExecuteAsync(
            "UPDATE sessions SET expires_at_ms = @expires WHERE id = @session AND revoked_at_ms IS NULL",
            ("@expires", (now + Limits.Access.RefreshTokenLife).ToUnixTimeMilliseconds()),
            ("@session", family.SessionId)) > 0;
        return lives
            ? new(RefreshStatus.Refreshed, await IssueAsync(commands, family.UserId, family.SessionId, now))
            : new(RefreshStatus.Refused, null);
    }

    private async Task<RefreshOutcome> EndFamilyAsync(ControlCommands commands, Actor from, Family family, DateTimeOffset now)
    {
        if (!await RevokeAsync(commands, family.SessionId, now)) return new(RefreshStatus.Refused, null);
        await commands.AuditAsync(from, now, new AuditEntry("session.reuse", "session", Text(family.SessionId), null, null));
        await commands.RaiseVersionAsync();
        AccessLog.RefreshTokenReused(logger, family.SessionId, family.UserId);
        AccessTelemetry.ReusedTokens.Add(1);
        return new(RefreshStatus.Reused, null);
    }

    private async Task<SessionTokens> IssueAsync(ControlCommands commands, long userId, long sessionId, DateTimeOffset now)
    {
        var text = opaqueTokens.Create(OpaqueTokens.RefreshPrefix);
        var expiresAtMs = (now + Limits.Access.RefreshTokenLife).ToUnixTimeMilliseconds();
        await commands.ExecuteAsync(
            "INSERT INTO refresh_tokens (hash, session_id, issued_at_ms, expires_at_ms) VALUES (@hash, @session, @now, @expires)",
            ("@hash", OpaqueTokens.Hash(text)),
            ("@session", sessionId),
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@expires", expiresAtMs));
        return new SessionTokens(userId, sessionId, accessTokens.Issue(userId, sessionId), text, expiresAtMs);
    }

    private async Task EndOldestAsync(ControlCommands commands, long userId, long nowMs)
    {
        const int others = Limits.Access.SessionsPerUser - 1;
        var oldest = await commands.ReadNumberAsync(
            $"""
             SELECT id FROM sessions WHERE user_id = @user AND revoked_at_ms IS NULL AND expires_at_ms > @now
               ORDER BY id DESC LIMIT 1 OFFSET {others}
             """,
            ("@user", userId),
            ("@now", nowMs));
        if (oldest is null) return;
        await commands.ExecuteAsync(
            "UPDATE sessions SET revoked_at_ms = @now WHERE user_id = @user AND id <= @oldest AND revoked_at_ms IS NULL",
            ("@now", nowMs),
            ("@user", userId),
            ("@oldest", oldest));
        await commands.RaiseVersionAsync();
    }

    private static async Task<bool> RevokeAsync(ControlCommands commands, long sessionId, DateTimeOffset now) =>
        await commands.ExecuteAsync(
            "UPDATE sessions SET revoked_at_ms = @now WHERE id = @session AND revoked_at_ms IS NULL",
            ("@now", now.ToUnixTimeMilliseconds()),
            ("@session", sessionId)) > 0;

    private static string Text(long id) => id.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
