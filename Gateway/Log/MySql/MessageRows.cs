using System.Text;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>The columns of <c>messages</c> in the order they are bound, and the update that an edit makes.</summary>
internal static class MessageRows
{
    public const string Table =
        "messages (id,bot_id,chat_id,telegram_id,unique_telegram_id,message_type,text,from_user_id,thread_id,media_group_id,reply_to_id,date_s,edit_date_s,last_seq)";

    public const int Columns = 14;

    /// <summary>Widths of the VARCHAR columns; a longer value is cut, because the projection is for searching and the payload has it all.</summary>
    private const int TypeChars = 64;
    private const int MediaGroupChars = 64;

    public static void Fill(MessageState message, MySqlParameterCollection parameters, int offset)
    {
        CommitItem origin = message.Origin!;
        CommitItem content = message.Content!;
        ref readonly UpdateFacts facts = ref origin.Update.Facts;
        long? unique = Projection.UniqueTelegramId(facts);
        parameters[offset].Value = message.Id;
        parameters[offset + 1].Value = origin.Update.BotId;
        parameters[offset + 2].Value = origin.ChatId;
        parameters[offset + 3].Value = facts.TelegramMessageId ?? 0;
        parameters[offset + 4].Value = unique is { } id ? id : DBNull.Value;
        parameters[offset + 5].Value = (object?)Type(content) ?? DBNull.Value;
        parameters[offset + 6].Value = Text(content);
        parameters[offset + 7].Value = Number(facts.FromUserId);
        parameters[offset + 8].Value = Number(facts.ThreadId);
        parameters[offset + 9].Value = (object?)SqlText.Decode(facts.MediaGroupId, origin.Update.Payload, MediaGroupChars) ?? DBNull.Value;
        parameters[offset + 10].Value = origin.ReplyToMessageId == 0 ? DBNull.Value : origin.ReplyToMessageId;
        parameters[offset + 11].Value = Number(facts.DateSeconds);
        parameters[offset + 12].Value = Number(content.Update.Facts.EditDateSeconds);
        parameters[offset + 13].Value = content.Seq;
    }

    public static StringBuilder AppendUpdate(MessageState message, StringBuilder sql)
    {
        CommitItem content = message.Content!;
        return sql.Append("UPDATE messages SET message_type=").AppendLiteral(Type(content))
            .Append(", text=").AppendLiteral(SqlText.Decode(content.Update.Facts.Text, content.Update.Payload, int.MaxValue))
            .Append(", edit_date_s=").AppendNumber(content.Update.Facts.EditDateSeconds)
            .Append(", last_seq=").AppendNumber(content.Seq)
            .Append(" WHERE id=").AppendNumber(message.Id).Append("; ");
    }

    private static string? Type(CommitItem item) =>
        item.Update.Facts.MessageType is { Length: > TypeChars } tooLong ? tooLong[..TypeChars] : item.Update.Facts.MessageType;

    private static object Number(long? value) => value is { } number ? number : DBNull.Value;

    /// <summary>Mostly the payload's own bytes, which are UTF-8 as the column is.</summary>
    private static object Text(CommitItem item)
    {
        Slice text = item.Update.Facts.Text;
        if (!text.IsPresent) return DBNull.Value;
        return JsonText.IsPlain(text.Of(item.Update.Payload))
            ? new ReadOnlyMemory<byte>(item.Update.Payload, text.Start, text.Length)
            : JsonText.Decode(text.Of(item.Update.Payload));
    }
}
