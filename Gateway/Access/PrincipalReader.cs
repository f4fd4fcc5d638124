using System.Collections.Frozen;
using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Gateway.Access;

/// <summary>
/// Reads what a set of keys and sessions may do, in a handful of statements whatever their number. The statements are not one snapshot: whoever
/// keeps the answer has noted the control version before and looks at it again after.
/// </summary>
internal sealed class PrincipalReader(DbConnection connection, CancellationToken cancellation)
{
    private sealed class Lists
    {
        public Dictionary<long, ChatRights> Chats { get; } = [];
        public Dictionary<long, ChatRights> Bots { get; } = [];
        public Dictionary<(long ChatId, long ThreadId), ChatRights>? Threads { get; set; }
        public Dictionary<long, long> BotOfChat { get; } = [];
        public HashSet<long>? Feedback { get; set; }
    }

    private sealed record UserState(string Name, bool IsDisabled)
    {
        public HashSet<string> Roles { get; } = [];
        public Permission Permissions { get; set; }
    }

    private readonly Dictionary<PrincipalId, Lists> lists = [];

    /// <summary>The identities among those that exist.</summary>
    public async Task<Dictionary<Identity, PrincipalState>> ReadAsync(ReadOnlyMemory<Identity> identities)
    {
        var states = new Dictionary<Identity, PrincipalState>(identities.Length);
        await ReadGrantsAsync(PrincipalKind.ApiKey, Ids(identities.Span, PrincipalKind.ApiKey));
        await ReadGrantsAsync(PrincipalKind.User, Ids(identities.Span, PrincipalKind.User));
        await ReadKeysAsync(identities, states);
        await ReadSessionsAsync(identities, states);
        return states;
    }

    private async Task ReadKeysAsync(ReadOnlyMemory<Identity> identities, Dictionary<Identity, PrincipalState> states)
    {
        var ids = Ids(identities.Span, PrincipalKind.ApiKey);
        if (ids.Length == 0) return;
        await ReadFeedbackAsync(ids);
        await ForEachAsync(
            $"SELECT id, name, is_admin, scopes, expires_at_ms, revoked_at_ms, rate_per_second, rate_burst FROM api_keys WHERE id IN ({ids})",
            row =>
            {
                var id = row.GetInt64(0);
                var isAdmin = Flag(row, 2);
                states[Identity.OfKey(id)] = new PrincipalState(
                    row.GetString(1),
                    PermissionNames.OfKey(isAdmin, row.IsDBNull(3) ? null : row.GetString(3)),
                    row.IsDBNull(4) ? long.MaxValue : row.GetInt64(4),
                    !row.IsDBNull(5),
                    GrantsOf(PrincipalId.Key(id), isAdmin))
                {
                    RatePerSecond = row.IsDBNull(6) ? null : (int)row.GetInt64(6),
                    RateBurst = row.IsDBNull(7) ? null : (int)row.GetInt64(7),
                };
            });
    }

    private async Task ReadSessionsAsync(ReadOnlyMemory<Identity> identities, Dictionary<Identity, PrincipalState> states)
    {
        var ids = Ids(identities.Span, PrincipalKind.User);
        if (ids.Length == 0) return;
        var users = await ReadUsersAsync(ids);
        var sessions = new Dictionary<long, (long UserId, long ExpiresAtMs, bool IsRevoked)>();
        await ForEachAsync(
            $"SELECT id, user_id, expires_at_ms, revoked_at_ms FROM sessions WHERE id IN ({SessionIds(identities.Span)})",
            row => sessions[row.GetInt64(0)] = (row.GetInt64(1), row.GetInt64(2), !row.IsDBNull(3)));
        for (var index = 0; index < identities.Length; index++)
        {
            var identity = identities.Span[index];
            if (identity.Id.Kind != PrincipalKind.User || !users.TryGetValue(identity.Id.Id, out var user)
                || !sessions.TryGetValue(identity.SessionId, out var session) || session.UserId != identity.Id.Id)
            {
                continue;
            }

            states[identity] = new PrincipalState(
                user.Name, user.Permissions, session.ExpiresAtMs, user.IsDisabled || session.IsRevoked, GrantsOf(identity.Id, user.Roles.Contains(Roles.Admin)));
        }
    }

    private async Task<Dictionary<long, UserState>> ReadUsersAsync(string ids)
    {
        var users = new Dictionary<long, UserState>();
        await ForEachAsync($"SELECT id, name, is_disabled FROM users WHERE id IN ({ids})", row => users[row.GetInt64(0)] = new UserState(row.GetString(1), Flag(row, 2)));
        await ForEachAsync(
            $"""
             SELECT u.user_id, r.name, p.name FROM user_roles u JOIN roles r ON r.id = u.role_id
               LEFT JOIN role_permissions rp ON rp.role_id = r.id LEFT JOIN permissions p ON p.id = rp.permission_id WHERE u.user_id IN ({ids})
             """,
            row =>
            {
                if (!users.TryGetValue(row.GetInt64(0), out var user)) return;
                user.Roles.Add(row.GetString(1));
                if (!row.IsDBNull(2) && PermissionNames.TryParse(row.GetString(2), out var permission)) user.Permissions |= permission;
            });
        return users;
    }

    private async Task ReadGrantsAsync(PrincipalKind kind, string ids)
    {
        if (ids.Length == 0) return;
        await ForEachAsync(
            $"""
             SELECT g.principal_id, g.chat_id, g.thread_id, g.bot_id, g.can_read, g.can_send, g.can_manage, c.bot_id
               FROM grants g LEFT JOIN chats c ON c.id = g.chat_id WHERE g.principal_kind = {(int)kind} AND g.principal_id IN ({ids})
             """,
            row =>
            {
                var of = ListsOf(new PrincipalId(kind, row.GetInt64(0)));
                var rights = (Flag(row, 4) ? ChatRights.Read : 0) | (Flag(row, 5) ? ChatRights.Send : 0) | (Flag(row, 6) ? ChatRights.Manage : 0);
                if (!row.IsDBNull(7)) of.BotOfChat[row.GetInt64(1)] = row.GetInt64(7);
                if (row.IsDBNull(1)) of.Bots[row.GetInt64(3)] = rights;
                else if (row.GetInt64(2) == 0) of.Chats[row.GetInt64(1)] = rights;
                else (of.Threads ??= [])[(row.GetInt64(1), row.GetInt64(2))] = rights;
            });
    }

    private Task ReadFeedbackAsync(string ids) =>
        ForEachAsync(
            $"SELECT key_id, chat_id FROM feedback_grants WHERE key_id IN ({ids})",
            row => (ListsOf(PrincipalId.Key(row.GetInt64(0))).Feedback ??= []).Add(row.GetInt64(1)));

    private Lists ListsOf(PrincipalId id)
    {
        if (!lists.TryGetValue(id, out var of)) lists[id] = of = new Lists();
        return of;
    }

    private Grants GrantsOf(PrincipalId id, bool isAdmin)
    {
        if (!lists.TryGetValue(id, out var of)) return isAdmin ? Grants.Admin : Grants.None;
        return new Grants(isAdmin, of.Chats.ToFrozenDictionary(), of.Bots.ToFrozenDictionary())
        {
            Threads = of.Threads?.ToFrozenDictionary(),
            Feedback = of.Feedback?.ToFrozenSet(),
            BotOfChat = of.Bots.Count == 0 ? null : of.BotOfChat.ToFrozenDictionary(),
        };
    }

    private async Task ForEachAsync(string sql, Action<DbDataReader> take)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) take(reader);
    }

    private static bool Flag(DbDataReader row, int column) => row.GetInt64(column) != 0;

    // Numbers, not text: nothing to escape, and a list of parameters would need one per id.
    private static string Ids(ReadOnlySpan<Identity> identities, PrincipalKind kind)
    {
        var list = new StringBuilder();
        foreach (var identity in identities)
        {
            if (identity.Id.Kind == kind) list.Append(list.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{identity.Id.Id}");
        }

        return list.ToString();
    }

    private static string SessionIds(ReadOnlySpan<Identity> identities)
    {
        var list = new StringBuilder();
        foreach (var identity in identities)
        {
            if (identity.SessionId != 0) list.Append(list.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{identity.SessionId}");
        }

        return list.Length == 0 ? "0" : list.ToString();
    }
}
