using System.Text;
using Gateway.Messages;

namespace Gateway.Log.MySql;

/// <summary>What people know a chat by, as the newest update says it.</summary>
internal readonly record struct ChatDescription(string? Type, string? Title, string? Username)
{
    /// <summary>Widths of the columns; longer values are cut.</summary>
    private const int TypeChars = 32;
    private const int TitleChars = 512;
    private const int UsernameChars = 64;

    public static ChatDescription Of(IncomingUpdate update) => new(
        SqlText.Decode(update.Facts.ChatType, update.Payload, TypeChars),
        SqlText.Decode(update.Facts.ChatTitle, update.Payload, TitleChars),
        SqlText.Decode(update.Facts.ChatUsername, update.Payload, UsernameChars));

    /// <summary>
    /// Equal for equal descriptions, computed from the raw bytes without decoding; 0 for an update that describes nothing. In-process
    /// only. Two descriptions share one once in four billion changes, and the next update corrects the title.
    /// </summary>
    public static int Fingerprint(IncomingUpdate update)
    {
        ref readonly UpdateFacts facts = ref update.Facts;
        if (!facts.ChatType.IsPresent && !facts.ChatTitle.IsPresent && !facts.ChatUsername.IsPresent) return 0;
        var hash = new HashCode();
        Add(ref hash, facts.ChatType, update.Payload);
        Add(ref hash, facts.ChatTitle, update.Payload);
        Add(ref hash, facts.ChatUsername, update.Payload);
        return hash.ToHashCode() is var print && print == 0 ? 1 : print;
    }

    public StringBuilder AppendUpdate(StringBuilder sql, long chatId) =>
        sql.Append("UPDATE chats SET type=").AppendLiteral(Type).Append(", title=").AppendLiteral(Title)
            .Append(", username=").AppendLiteral(Username).Append(" WHERE id=").AppendNumber(chatId).Append("; ");

    private static void Add(ref HashCode hash, Slice slice, byte[] payload)
    {
        hash.Add(slice.IsPresent ? slice.Length : -1);
        if (slice.IsPresent) hash.AddBytes(slice.Of(payload));
    }
}
