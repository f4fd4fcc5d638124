using System.Text;
using System.Text.Encodings.Web;
using Gateway.Messages;

namespace Gateway.Tests.Messages;

/// <summary>Facts in one line, fields that are not there left out: what the golden file and the property tests compare.</summary>
internal static class FactsText
{
    private const int LongestValue = 60;

    public static string Describe(in UpdateFacts facts, byte[] body)
    {
        var line = new StringBuilder(facts.Kind);
        void Add(string name, object? value)
        {
            if (value is not null)
            {
                line.Append(' ').Append(name).Append('=').Append(value);
            }
        }

        string? Of(Slice slice) => slice.IsPresent ? Shorten(Encoding.UTF8.GetString(slice.Of(body))) : null;
        Add("update_id", facts.UpdateId);
        Add("realm", facts.Realm == RealmKind.Own ? null : facts.Realm.ToString());
        Add("business", Of(facts.BusinessConnectionId));
        Add("chat", facts.TelegramChatId);
        Add("chat_type", Of(facts.ChatType));
        Add("chat_title", Of(facts.ChatTitle));
        Add("chat_username", Of(facts.ChatUsername));
        Add("message", facts.TelegramMessageId);
        Add("ephemeral", facts.IsEphemeral ? "yes" : null);
        Add("date", facts.DateSeconds);
        Add("edited", facts.EditDateSeconds);
        Add("type", facts.MessageType);
        Add("text", Of(facts.Text));
        Add("command", Of(facts.Command));
        Add("thread", facts.ThreadId);
        Add("album", Of(facts.MediaGroupId));
        Add("reply", facts.ReplyToTelegramId);
        Add("from", facts.FromUserId);
        Add("username", Of(facts.FromUsername));
        Add("first", Of(facts.FromFirstName));
        Add("last", Of(facts.FromLastName));
        Add("file", Of(facts.FileId));
        Add("unique", Of(facts.FileUniqueId));
        Add("name", Of(facts.FileName));
        Add("mime", Of(facts.FileMime));
        Add("bytes", facts.FileSizeBytes);
        Add("callback", Of(facts.CallbackId));
        Add("data", Of(facts.CallbackData));
        Add("migrate_to", facts.MigrateToChatId);
        Add("migrate_from", facts.MigrateFromChatId);
        Add("flags", facts.IsMessage ? facts.IsEdit ? "message,edit" : "message" : facts.IsEdit ? "edit" : null);
        return line.ToString();
    }

    /// <summary>Keeps the ends of long values and their length, so that a cut in the wrong place shows.</summary>
    private static string Shorten(string raw)
    {
        var value = JavaScriptEncoder.Default.Encode(raw.Length <= LongestValue ? raw : $"{raw[..24]}..{raw.Length}..{raw[^12..]}");
        return value.Replace(' ', '_');
    }
}
