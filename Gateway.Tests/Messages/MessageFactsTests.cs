using System.Text;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Messages;

/// <summary>The rules of docs/update-facts.md that the samples do not show.</summary>
public sealed class MessageFactsTests
{
    private static UpdateFacts Parse(string body) => UpdateParser.Parse(Encoding.UTF8.GetBytes(body));

    private static string? Of(Slice slice, string body) => slice.IsPresent ? Encoding.UTF8.GetString(slice.Of(Encoding.UTF8.GetBytes(body))) : null;

    private static string Message(string fields) => $$$"""{"message":{"message_id":5,"chat":{"id":1},{{{fields}}}}}""";

    [Theory]
    [InlineData("\"document\":{\"file_id\":\"d\"},\"animation\":{\"file_id\":\"a\"}", "animation", "a")]
    [InlineData("\"animation\":{\"file_id\":\"a\"},\"document\":{\"file_id\":\"d\"}", "animation", "a")]
    [InlineData("\"photo\":[{\"file_id\":\"p\"}],\"live_photo\":{\"file_id\":\"l\",\"photo\":[{\"file_id\":\"s\"}]}", "live_photo", "l")]
    [InlineData("\"location\":{},\"venue\":{\"location\":{}}", "venue", null)]
    [InlineData("\"text\":\"x\",\"pinned_message\":{\"text\":\"y\"}", "text", null)]
    [InlineData("\"photo\":[],\"text\":\"x\"", "text", null)]
    [InlineData("\"photo\":null,\"group_chat_created\":false,\"migrate_to_chat_id\":0,\"new_chat_members\":[],\"delete_chat_photo\":true", "delete_chat_photo", null)]
    [InlineData("\"hologram\":{}", "unknown", null)]
    [InlineData("\"general_forum_topic_hidden\":{}", "general_forum_topic_hidden", null)]
    [InlineData("\"new_chat_members\":[{\"id\":1}]", "new_chat_members", null)]
    [InlineData("\"new_chat_photo\":[{\"file_id\":\"n\"}]", "new_chat_photo", "n")]
    [InlineData("\"connected_website\":\"example.org\"", "connected_website", null)]
    [InlineData("\"text\":17", "unknown", null)]
    [InlineData("\"document\":17,\"text\":\"x\"", "text", null)]
    public void MessageType_FromTheFieldsThatSaySomething(string fields, string type, string? file)
    {
        var body = Message(fields);
        var facts = Parse(body);
        Assert.Equal((type, file), (facts.MessageType, Of(facts.FileId, body)));
    }

    [Fact]
    public void File_OfSeveralPhotoSizes_IsTheLargestByArea()
    {
        var body = Message("""
            "photo":[{"file_id":"s","width":90,"height":90,"file_size":9},{"file_id":"l","file_unique_id":"u","width":1280,"height":960,"file_size":7},
            {"file_id":"m","width":320,"height":320},17,{"width":99999999999,"height":99999999999,"file_id":"x"}]
            """);
        var facts = Parse(body);
        Assert.Equal(("l", "u", 7L), (Of(facts.FileId, body), Of(facts.FileUniqueId, body), facts.FileSizeBytes));
    }

    [Fact]
    public void File_OfPaidMedia_IsTheFirstMediumWithOne()
    {
        var body = Message("""
            "paid_media":{"star_count":5,"paid_media":[{"type":"preview","width":1},{"type":"video","video":{"file_id":"v","mime_type":"video/mp4"}},
            {"type":"photo","photo":[{"file_id":"p"}]}]}
            """);
        var facts = Parse(body);
        Assert.Equal(("paid_media", "v", "video/mp4"), (facts.MessageType, Of(facts.FileId, body), Of(facts.FileMime, body)));
    }

    [Theory]
    // Telegram writes the slash as \/; entity lengths count UTF-16 units of what is meant, not of what is written.
    [InlineData("/start now", 0, 6, "start")]
    [InlineData("\\/start now", 0, 6, "start")]
    [InlineData("\\u002fstart", 0, 6, "start")]
    [InlineData("/start@some_bot x", 0, 15, "start")]
    [InlineData("/start\\u0040some_bot", 0, 15, "start")]
    [InlineData("/st\\u0061rt@b x", 0, 8, "st\\u0061rt")]
    [InlineData("/\U0001F44Dx rest", 0, 4, "\U0001F44Dx")]
    [InlineData("/\\ud83d\\udc4dx rest", 0, 4, "\\ud83d\\udc4dx")]
    [InlineData("/жук rest", 0, 4, "жук")]
    [InlineData("/start", 0, 600, "start")]
    [InlineData("say /start", 4, 6, null)]
    [InlineData("/start", 0, 1, null)]
    [InlineData("/start", 0, -6, null)]
    [InlineData("/@bot", 0, 5, null)]
    [InlineData("start", 0, 5, null)]
    [InlineData("", 0, 5, null)]
    public void Command_OfAnEntityAtTheStart_IsItsName(string text, int offset, int length, string? expected)
    {
        foreach (var (content, entities) in new[] { ("text", "entities"), ("caption", "caption_entities") })
        {
            var body = Message($$"""
                "{{entities}}":[{"type":"bold","offset":0,"length":2},{"length":{{length}},"type":"bot_command","offset":{{offset}} },{"type":"bot_command","offset":9,"length":4}],"{{content}}":"{{text}}"
                """);
            Assert.Equal(expected, Of(Parse(body).Command, body));
        }
    }

    [Theory]
    [InlineData("\"reply_to_message\":{\"message_id\":3,\"chat\":{\"id\":1}}", 3L)]
    [InlineData("\"reply_to_message\":{\"message_id\":3}", 3L)]
    [InlineData("\"reply_to_message\":{\"message_id\":3,\"chat\":{\"id\":2}}", null)]
    [InlineData("\"reply_to_message\":{\"message_id\":0,\"chat\":{\"id\":1}}", null)]
    [InlineData("\"reply_to_message\":{\"chat\":{\"id\":1},\"reply_to_message\":{\"message_id\":9}}", null)]
    [InlineData("\"external_reply\":{\"message_id\":3,\"chat\":{\"id\":1}}", null)]
    public void Reply_OnlyInTheSameChat(string fields, long? expected) => Assert.Equal(expected, Parse(Message(fields)).ReplyToTelegramId);

    [Theory]
    [InlineData("message", "\"business_connection_id\":\"c1\"", "Business")]
    [InlineData("message", "\"business_connection_id\":\"\"", "Own")]
    [InlineData("message", "\"guest_query_id\":\"g\"", "Guest")]
    [InlineData("edited_message", "\"guest_query_id\":\"\"", "Own")]
    [InlineData("guest_message", "\"date\":1", "Guest")]
    [InlineData("business_message", "\"date\":1", "Business")]
    [InlineData("deleted_business_messages", "\"business_connection_id\":\"c1\"", "Business")]
    [InlineData("stopped_message_generation", "\"draft_id\":1", "Own")]
    public void Realm_FromTheFieldThenTheKind(string kind, string fields, string expected) =>
        Assert.Equal(expected, Parse($$$"""{"{{{kind}}}":{"message_id":5,"chat":{"id":1},{{{fields}}}}}""").Realm.ToString());

    [Fact]
    public void CallbackQuery_OnABusinessMessage_IsOfTheBusinessChat()
    {
        var body = """
            {"callback_query":{"data":"d","message":{"business_connection_id":"c1","chat":{"id":77},"message_id":8,"message_thread_id":4,"text":"no","date":5,
            "from":{"id":1}},"from":{"id":99,"first_name":"A"},"id":"q"}}
            """;
        var facts = Parse(body);
        Assert.Equal((RealmKind.Business, "c1", 77L, 8L, 4L, 99L), (facts.Realm, Of(facts.BusinessConnectionId, body), facts.TelegramChatId, facts.TelegramMessageId, facts.ThreadId, facts.FromUserId));
        Assert.Equal(("q", "d", null, null, false), (Of(facts.CallbackId, body), Of(facts.CallbackData, body), Of(facts.Text, body), facts.DateSeconds, facts.IsMessage));
    }

    [Theory]
    [InlineData("shipping_query", "from")]
    [InlineData("pre_checkout_query", "from")]
    [InlineData("purchased_paid_media", "from")]
    [InlineData("subscription", "user")]
    public void PaymentKinds_CountAsTheirUsersPrivateChat(string kind, string user)
    {
        var facts = Parse($$$"""{"{{{kind}}}":{"{{{user}}}":{"id":99},"chat":{"id":5},"id":"x"}}""");
        Assert.Equal((99L, 99L, RealmKind.Own, false), (facts.TelegramChatId, facts.FromUserId, facts.Realm, facts.IsMessage));
    }

    [Theory]
    [InlineData("inline_query", "\"from\":{\"id\":9}")]
    [InlineData("chosen_inline_result", "\"from\":{\"id\":9}")]
    [InlineData("poll", "\"id\":\"9\"")]
    [InlineData("poll_answer", "\"voter_chat\":{\"id\":9}")]
    [InlineData("managed_bot", "\"user\":{\"id\":9},\"bot\":{\"id\":8}")]
    [InlineData("a_future_kind", "\"user\":{\"id\":9}")]
    public void KindsWithoutAChat_HaveNone(string kind, string fields) =>
        Assert.Null(Parse($$$"""{"{{{kind}}}":{"chat":{"id":5},{{{fields}}}}}""").TelegramChatId);

    [Fact]
    public void Ephemeral_MessageId_IsKeptAsGiven()
    {
        var facts = Parse(Message("\"ephemeral_message_id\":3,\"receiver_user\":{\"id\":4},\"text\":\"x\""));
        Assert.Equal((true, 5L, true), (facts.IsEphemeral, facts.TelegramMessageId, facts.IsMessage));
        Assert.Equal(0, Parse("""{"message":{"message_id":0,"chat":{"id":1},"text":"later"}}""").TelegramMessageId);
    }

    [Fact]
    public void Message_WithoutChatOrId_IsNoRow()
    {
        Assert.False(Parse("""{"message":{"message_id":5,"text":"x"}}""").IsMessage);
        Assert.False(Parse("""{"message":{"chat":{"id":5},"text":"x"}}""").IsMessage);
        Assert.True(Parse("""{"edited_message":{"chat":{"id":5},"message_id":1}}""") is { IsMessage: true, IsEdit: true });
    }
}
