using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>The columns of <c>events</c> in the order they are bound.</summary>
internal static class EventRows
{
    public const string Table = "events (seq,bot_id,chat_id,kind,update_id,message_id,reply_to_id,dedup_key,created_at_ms,payload)";
    public const int Columns = 10;

    /// <param name="createdAtMs">Boxed once for the whole batch.</param>
    public static void Fill(CommitItem item, object createdAtMs, MySqlParameterCollection parameters, int offset)
    {
        FillUpdate(item, parameters, offset);
        parameters[offset + 2].Value = Id(item.ChatId);
        parameters[offset + 5].Value = Id(item.MessageId);
        parameters[offset + 6].Value = Id(item.ReplyToMessageId);
        parameters[offset + 8].Value = createdAtMs;
    }

    private static void FillUpdate(CommitItem item, MySqlParameterCollection parameters, int offset)
    {
        parameters[offset].Value = item.Seq;
        parameters[offset + 1].Value = item.Update.BotId;
        parameters[offset + 3].Value = item.Update.Facts.Kind;
        parameters[offset + 4].Value = item.Update.Facts.UpdateId is { } updateId ? updateId : DBNull.Value;
        parameters[offset + 7].Value = item.DedupKey;
        parameters[offset + 9].Value = item.Update.Payload;
    }

    private static object Id(long id) => id == 0 ? DBNull.Value : id;
}
