using Gateway.Messages;

namespace Gateway.Log;

/// <summary>How facts become rows of chats and messages: the rules that both stores share.</summary>
internal static class Projection
{
    public const string OwnRealm = "";
    public const string GuestRealm = "guest";

    /// <summary>The chats' realm column: a business connection's and guest chats are independent of the bot's own with the same id.</summary>
    public static string RealmOf(in UpdateFacts facts, ReadOnlySpan<byte> payload) => facts.Realm switch
    {
        RealmKind.Business when facts.BusinessConnectionId.IsPresent => "b:" + JsonText.Decode(facts.BusinessConnectionId.Of(payload)),
        RealmKind.Business => "b:",
        RealmKind.Guest => GuestRealm,
        _ => OwnRealm,
    };

    /// <summary>
    /// The Telegram id where it names one message for ever; null for id 0 (Telegram has given none yet) and ephemeral messages (their
    /// ids are used again), which the unique key must let be.
    /// </summary>
    public static long? UniqueTelegramId(in UpdateFacts facts) =>
        facts.TelegramMessageId is > 0 && !facts.IsEphemeral ? facts.TelegramMessageId : null;

    /// <summary>What decides which of two states of a message is newer; an original is older than any edit. Equal ones: the later arrival.</summary>
    public static long EditOrder(in UpdateFacts facts) => facts.IsEdit ? facts.EditDateSeconds ?? 0 : 0;

    /// <summary>A key on a row this much older names a new update (design section 3).</summary>
    public static bool IsKeyFreeAgain(long rowCreatedAtMs, long nowMs) => nowMs - rowCreatedAtMs > (long)Limits.Log.DedupWindow.TotalMilliseconds;
}
