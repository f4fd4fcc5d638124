using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>
/// Gives and takes rights on chats and bots. Whoever gives (<c>giver</c>) must manage the place and hold what it gives; null is the command line,
/// which may everything.
/// </summary>
internal sealed class GrantAdministration(IDatabase database, TimeProvider time)
{
    /// <summary>The three columns as one number, the one of <see cref="ChatRights"/>.</summary>
    public const string RightsColumn = "can_read + 2 * can_send + 4 * can_manage";

    private readonly ChatLookup chats = new(database, time);

    private sealed record Granted(PrincipalId Principal, long BotId, long ChatId, long ThreadId, ChatRights Rights);

    /// <summary>Gives exactly these rights there.</summary>
    public Task<GrantOutcome> SetAsync(
        Actor actor, Grants? giver, PrincipalId to, GrantTarget target, ChatRights rights, CancellationToken cancellation) =>
        GrantAsync(actor, giver, to, target, rights, isExact: true, cancellation);

    /// <summary>Gives these rights besides those it has there.</summary>
    public Task<GrantOutcome> AddAsync(
        Actor actor, Grants? giver, PrincipalId to, GrantTarget target, ChatRights rights, CancellationToken cancellation) =>
        GrantAsync(actor, giver, to, target, rights, isExact: false, cancellation);

    /// <summary>Takes back what was given there.</summary>
    /// <param name="threadId">Null: on the chat and on all its threads.</param>
    public Task<GrantOutcome> RemoveAsync(
        Actor actor, Grants? giver, PrincipalId from, GrantTarget target, long? threadId, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var place = await chats.FindAsync(commands, giver, target, mayCreate: false);
                if (place.Status != GrantStatus.Done) return place;
                var removed = await RemoveThereAsync(commands, actor, from, target, place, threadId);
                foreach (var former in await chats.FormerAsync(commands, giver, place))
                    removed += await RemoveThereAsync(commands, actor, from, target, place with { ChatId = former }, threadId);
                return removed == 0 ? place with { Status = GrantStatus.NotGranted } : place;
            },
            cancellation,
            GrantOutcome.IsChange);

    private async Task<int> RemoveThereAsync(ControlCommands commands, Actor actor, PrincipalId from, GrantTarget target, GrantOutcome place, long? threadId)
    {
        var (column, id) = Column(target, place);
        var rows = await commands.ReadRowsAsync(
            $"SELECT id, thread_id, {RightsColumn} FROM grants WHERE principal_kind = @kind AND principal_id = @principal AND {column} = @target ORDER BY thread_id{database.ForUpdate}",
            static row => (Id: row.GetInt64(0), ThreadId: row.GetInt64(1), Rights: (ChatRights)row.GetInt64(2)),
            ("@kind", (int)from.Kind),
            ("@principal", from.Id),
            ("@target", id));
        rows.RemoveAll(row => threadId is { } one && row.ThreadId != one);
        foreach (var row in rows)
        {
            await commands.ExecuteAsync("DELETE FROM grants WHERE id = @id", ("@id", row.Id));
            await AuditAsync(commands, actor, "grant.remove", from, target with { ThreadId = row.ThreadId }, place, row.Rights, null);
        }

        return rows.Count;
    }

    /// <summary>By the grant's own number, as the command line has it. False: there is no such grant.</summary>
    public Task<bool> RevokeAsync(Actor actor, long grantId, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var grant = await commands.ReadRowAsync(
                    $"SELECT principal_kind, principal_id, bot_id, chat_id, thread_id, {RightsColumn} FROM grants WHERE id = @id{database.ForUpdate}",
                    static row => new Granted(
                        new PrincipalId((PrincipalKind)row.GetInt64(0), row.GetInt64(1)),
                        row.IsDBNull(2) ? 0 : row.GetInt64(2),
                        row.IsDBNull(3) ? 0 : row.GetInt64(3),
                        row.GetInt64(4),
                        (ChatRights)row.GetInt64(5)),
                    ("@id", grantId));
                if (grant is null) return false;
                await commands.ExecuteAsync("DELETE FROM grants WHERE id = @id", ("@id", grantId));
                await AuditAsync(
                    commands, actor, "grant.remove", grant.Principal, GrantTarget.InChat(default, grant.ThreadId),
                    new GrantOutcome(GrantStatus.Done, grantId, grant.BotId, grant.ChatId), grant.Rights, null);
                return true;
            },
            cancellation);

    /// <summary>Whether a grant can be given to it: a user, or a key that was not revoked.</summary>
    public static async Task<bool> ExistsAsync(ControlCommands commands, PrincipalId principal) =>
        await commands.ReadNumberAsync(
            principal.Kind == PrincipalKind.User ? "SELECT id FROM users WHERE id = @id" : "SELECT id FROM api_keys WHERE id = @id AND revoked_at_ms IS NULL",
            ("@id", principal.Id)) is not null;

    private Task<GrantOutcome> GrantAsync(
        Actor actor, Grants? giver, PrincipalId to, GrantTarget target, ChatRights rights, bool isExact, CancellationToken cancellation) =>
        ControlTransaction.RunTwiceAsync(database, commands => GrantAsync(commands, actor, giver, to, target, rights, isExact), cancellation, GrantOutcome.IsChange);

    private async Task<GrantOutcome> GrantAsync(
        ControlCommands commands, Actor actor, Grants? giver, PrincipalId to, GrantTarget target, ChatRights rights, bool isExact)
    {
        var place = await chats.FindAsync(commands, giver, target, mayCreate: true);
        if (place.Status != GrantStatus.Done) return place;
        if (!await ExistsAsync(commands, to)) return new GrantOutcome(GrantStatus.PrincipalNotFound);
        var (column, id) = Column(target, place);
        (string, object?)[] where = [("@kind", (int)to.Kind), ("@principal", to.Id), ("@target", id), ("@thread", target.ThreadId)];
        var condition = $"principal_kind = @kind AND principal_id = @principal AND {column} = @target AND thread_id = @thread";
        var found = await commands.ReadNumberAsync($"SELECT {RightsColumn} FROM grants WHERE {condition}{database.ForUpdate}", where);
        var before = (ChatRights?)found;
        var after = isExact ? rights : rights | (before ?? ChatRights.None);
        if (giver is not null && (after & ~(before ?? ChatRights.None) & ~giver.RightsOn(place.BotId, place.ChatId)) != 0)
            return place with { Status = GrantStatus.NotHeld };
        (string, object?)[] flags =
            [("@read", Flag(after, ChatRights.Read)), ("@send", Flag(after, ChatRights.Send)), ("@manage", Flag(after, ChatRights.Manage))];
        if (before is null)
        {
            await commands.ExecuteAsync(
                $"""
                 INSERT INTO grants (principal_kind, principal_id, {column}, thread_id, can_read, can_send, can_manage, created_at_ms)
                   VALUES (@kind, @principal, @target, @thread, @read, @send, @manage, @now)
                 """,
                [.. where, .. flags, ("@now", time.GetUtcNow().ToUnixTimeMilliseconds())]);
        }
        else
        {
            await commands.ExecuteAsync($"UPDATE grants SET can_read = @read, can_send = @send, can_manage = @manage WHERE {condition}", [.. where, .. flags]);
        }

        if (before != after) await AuditAsync(commands, actor, "grant.set", to, target, place, before, after);
        if (isExact)
        {
            foreach (var former in await chats.FormerAsync(commands, giver, place)) await NarrowAsync(commands, actor, to, target, place with { ChatId = former }, after);
        }

        return place with { Id = await commands.ReadNumberAsync($"SELECT id FROM grants WHERE {condition}", where) ?? 0, Rights = after };
    }

    /// <summary>What is not given in the supergroup is not left in the group that it was; what was not given there is not added.</summary>
    private async Task NarrowAsync(ControlCommands commands, Actor actor, PrincipalId to, GrantTarget target, GrantOutcome former, ChatRights rights)
    {
        (string, object?)[] where = [("@kind", (int)to.Kind), ("@principal", to.Id), ("@target", former.ChatId), ("@thread", target.ThreadId)];
        const string Condition = "principal_kind = @kind AND principal_id = @principal AND chat_id = @target AND thread_id = @thread";
        var before = (ChatRights?)await commands.ReadNumberAsync($"SELECT {RightsColumn} FROM grants WHERE {Condition}{database.ForUpdate}", where);
        if (before is not { } had || (had & ~rights) == 0) return;
        var after = had & rights;
        await commands.ExecuteAsync(
            after == ChatRights.None
                ? $"DELETE FROM grants WHERE {Condition}"
                : $"UPDATE grants SET can_read = @read, can_send = @send, can_manage = @manage WHERE {Condition}",
            after == ChatRights.None
                ? where
                : [.. where, ("@read", Flag(after, ChatRights.Read)), ("@send", Flag(after, ChatRights.Send)), ("@manage", Flag(after, ChatRights.Manage))]);
        await AuditAsync(commands, actor, after == ChatRights.None ? "grant.remove" : "grant.set", to, target, former, had, after == ChatRights.None ? null : after);
    }

    private Task AuditAsync(
        ControlCommands commands, Actor actor, string action, PrincipalId principal, GrantTarget target, GrantOutcome place, ChatRights? before, ChatRights? after) =>
        commands.AuditAsync(
            actor,
            time.GetUtcNow(),
            new AuditEntry(action, principal.KindName, principal.Id.ToString(CultureInfo.InvariantCulture), Json(target, place, before), Json(target, place, after)));

    private static string? Json(GrantTarget target, GrantOutcome place, ChatRights? rights) => rights is not { } given
        ? null
        : AuditJson.Of(json =>
        {
            if (place.ChatId == 0) json.WriteNumber("bot_id", place.BotId);
            else json.WriteNumber("chat_id", place.ChatId);
            if (target.ThreadId != 0) json.WriteNumber("thread_id", target.ThreadId);
            json.WriteBoolean("can_read", (given & ChatRights.Read) != 0);
            json.WriteBoolean("can_send", (given & ChatRights.Send) != 0);
            json.WriteBoolean("can_manage", (given & ChatRights.Manage) != 0);
        });

    private static (string Column, long Id) Column(GrantTarget target, GrantOutcome place) =>
        target.BotId is { } bot ? ("bot_id", bot) : ("chat_id", place.ChatId);

    private static int Flag(ChatRights rights, ChatRights one) => (rights & one) != 0 ? 1 : 0;
}
