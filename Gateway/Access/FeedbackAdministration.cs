using System.Globalization;
using Gateway.Storage;

namespace Gateway.Access;

/// <summary>Names the chats that push to a key in real time; while it names none, all that the key may read do.</summary>
internal sealed class FeedbackAdministration(IDatabase database, TimeProvider time)
{
    private readonly ChatLookup chats = new(database, time);

    public Task<GrantOutcome> AddAsync(Actor actor, Grants? giver, long keyId, ChatName chat, CancellationToken cancellation) =>
        ControlTransaction.RunTwiceAsync(
            database,
            async commands =>
            {
                var place = await chats.FindAsync(commands, giver, GrantTarget.InChat(chat), mayCreate: true);
                if (place.Status != GrantStatus.Done) return place;
                if (!await GrantAdministration.ExistsAsync(commands, PrincipalId.Key(keyId))) return new GrantOutcome(GrantStatus.PrincipalNotFound);
                if (await IsThereAsync(commands, keyId, place.ChatId)) return place;
                await commands.ExecuteAsync(
                    "INSERT INTO feedback_grants (key_id, chat_id, created_at_ms) VALUES (@key, @chat, @now)",
                    ("@key", keyId),
                    ("@chat", place.ChatId),
                    ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
                await AuditAsync(commands, actor, "feedback.add", keyId, null, Json(place.ChatId));
                return place;
            },
            cancellation,
            GrantOutcome.IsChange);

    public Task<GrantOutcome> RemoveAsync(Actor actor, Grants? giver, long keyId, ChatName chat, CancellationToken cancellation) =>
        ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var place = await chats.FindAsync(commands, giver, GrantTarget.InChat(chat), mayCreate: false);
                if (place.Status != GrantStatus.Done) return place;
                if (!await IsThereAsync(commands, keyId, place.ChatId)) return place with { Status = GrantStatus.NotGranted };
                await commands.ExecuteAsync("DELETE FROM feedback_grants WHERE key_id = @key AND chat_id = @chat", ("@key", keyId), ("@chat", place.ChatId));
                await AuditAsync(commands, actor, "feedback.remove", keyId, Json(place.ChatId), null);
                return place;
            },
            cancellation,
            GrantOutcome.IsChange);

    private async Task<bool> IsThereAsync(ControlCommands commands, long keyId, long chatId) =>
        await commands.ReadNumberAsync(
            $"SELECT chat_id FROM feedback_grants WHERE key_id = @key AND chat_id = @chat{database.ForUpdate}", ("@key", keyId), ("@chat", chatId)) is not null;

    private Task AuditAsync(ControlCommands commands, Actor actor, string action, long keyId, string? before, string? after) =>
        commands.AuditAsync(actor, time.GetUtcNow(), new AuditEntry(action, "api_key", keyId.ToString(CultureInfo.InvariantCulture), before, after));

    private static string Json(long chatId) => AuditJson.Of(json => json.WriteNumber("chat_id", chatId));
}
