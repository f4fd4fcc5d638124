using System.Text;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Messages;

public sealed class UpdateParserTests
{
    private static string Describe(string body) => Describe(Encoding.UTF8.GetBytes(body));

    private static string Describe(byte[] body) => FactsText.Describe(UpdateParser.Parse(body), body);

    [Fact]
    public void Kinds_OfTheBotApi_AreAllKnownInOrder() =>
        Assert.Equal(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Data/bot-api/update_kinds.txt")), UpdateKinds.Names);

    /// <summary>Every field of a Message is either content with a place in the order of precedence or listed here as a description of it.</summary>
    [Fact]
    public void ContentFields_OfTheBotApi_AreAllKnown()
    {
        string[] descriptions =
        [
            "message_id", "message_thread_id", "direct_messages_topic", "from", "sender_chat", "sender_boost_count", "sender_business_bot", "sender_tag",
            "date", "guest_query_id", "business_connection_id", "chat", "forward_origin", "is_topic_message", "is_automatic_forward", "reply_to_message",
            "external_reply", "quote", "reply_to_story", "reply_to_checklist_task_id", "reply_to_poll_option_id", "via_bot", "guest_bot_caller_user",
            "guest_bot_caller_chat", "edit_date", "has_protected_content", "is_from_offline", "is_paid_post", "media_group_id", "author_signature",
            "paid_star_count", "entities", "link_preview_options", "suggested_post_info", "effect_id", "caption", "caption_entities",
            "show_caption_above_media", "has_media_spoiler", "reply_markup", "receiver_user", "ephemeral_message_id",
        ];
        var fields = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Data/bot-api/message_fields.txt"));
        Assert.Equal(fields.Except(descriptions).Order(), Gateway.Messages.Parsing.MessageFields.Content.Order());
    }

    [Theory]
    // Not one JSON object: no facts at all, not even an update_id that stands before the damage.
    [InlineData("", "unparsed")]
    [InlineData(" ", "unparsed")]
    [InlineData("null", "unparsed")]
    [InlineData("[]", "unparsed")]
    [InlineData("[{\"update_id\":1}]", "unparsed")]
    [InlineData("17", "unparsed")]
    [InlineData("{\"update_id\":1", "unparsed")]
    [InlineData("{\"update_id\":1,\"message\":{\"text\":\"cut", "unparsed")]
    [InlineData("{\"update_id\":1}}", "unparsed")]
    [InlineData("{\"update_id\":1} {}", "unparsed")]
    [InlineData("{\"update_id\":1}\0", "unparsed")]
    [InlineData("{\"update_id\":1,}", "unparsed")]
    [InlineData("{\"update_id\":01}", "unparsed")]
    [InlineData("{'update_id':1}", "unparsed")]
    [InlineData("// a\n{\"update_id\":1}", "unparsed")]
    [InlineData("{\"update_id\":1,\"message\":{\"text\":\"a\nb\"}}", "unparsed")]
    [InlineData("{\"update_id\":1,\"message\":{\"text\":\"\\q\"}}", "unparsed")]
    // Objects without a kind.
    [InlineData("{}", "unknown")]
    [InlineData(" \r\n\t{ } \n", "unknown")]
    [InlineData("{\"update_id\":5}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"message\":null}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"message\":[]}", "unknown update_id=5")]
    // Kinds that do not exist yet, by their field's name where it is one.
    [InlineData("{\"update_id\":5,\"hologram_2\":{\"chat\":{\"id\":3}}}", "hologram_2 update_id=5")]
    [InlineData("{\"update_id\":5,\"Hologram\":{}}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"holo gram\":{}}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"gateway.log_reset\":{}}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"\":{}}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"unparsed\":{}}", "unknown update_id=5")]
    [InlineData("{\"update_id\":5,\"extra\":7,\"first\":{},\"second\":{}}", "first update_id=5")]
    // The first known kind counts, whatever stands before it.
    [InlineData("{\"new_kind\":{},\"poll\":{},\"message\":{},\"update_id\":5}", "poll update_id=5")]
    // Duplicate keys: the last usable value, whole.
    [InlineData("{\"update_id\":5,\"update_id\":6,\"poll\":{}}", "poll update_id=6")]
    [InlineData("{\"update_id\":5,\"update_id\":\"x\",\"poll\":{}}", "poll update_id=5")]
    [InlineData("{\"message\":{\"chat\":{\"id\":1},\"text\":\"a\"},\"message\":{\"chat\":{\"id\":2},\"message_id\":4}}", "message chat=2 message=4 type=unknown flags=message")]
    [InlineData("{\"message\":{\"chat\":{\"id\":1,\"title\":\"x\"},\"chat\":{\"id\":2},\"text\":\"a\",\"text\":\"b\"}}", "message chat=2 type=text text=b")]
    public void Parse_StrangeBody_SaysWhatItCan(string body, string expected) => Assert.Equal(expected, Describe(body));

    [Theory]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("9.007199254740993e15", "9007199254740993")]
    [InlineData("17.0", "17")]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("9223372036854775808", null)]
    [InlineData("1e30", null)]
    [InlineData("1e400", null)]
    [InlineData("17.5", null)]
    [InlineData("-1", null)]
    [InlineData("\"17\"", null)]
    [InlineData("true", null)]
    [InlineData("[17]", null)]
    [InlineData("{\"a\":17}", null)]
    public void Parse_UpdateId_IsAnIntegerOf63BitsOrNothing(string written, string? expected) =>
        Assert.Equal(expected is null ? "poll" : $"poll update_id={expected}", Describe($"{{\"update_id\":{written},\"poll\":{{}}}}"));

    [Fact]
    public void Parse_ChatIdBeyond64Bits_LeavesTheChatOut() =>
        Assert.Equal("message message=1 type=text text=a", Describe("""{"message":{"chat":{"id":9223372036854775808},"message_id":1,"text":"a"}}"""));

    [Fact]
    public void Parse_EscapedNames_AreTheSameNames() =>
        Assert.Equal(
            "message update_id=7 chat=-5 message=1 type=text text=x flags=message",
            Describe("""{"update\u005fid":7,"mess\u0061ge":{"\u0063hat":{"i\u0064":-5},"m\u0065ssage_id":1,"te\u0078t":"x","\ud83d":1,"\u0000":{}}}"""));

    /// <summary>The JSON reader's own comparison and string methods throw on these.</summary>
    [Fact]
    public void Parse_LoneSurrogatesAndNulEscapes_StayAsWritten() =>
        Assert.Equal(
            """message chat=1 message=2 type=text text=a\\ud83d\\u0000b\\udc00 from=9 first=\\ud800 flags=message""",
            Describe("""{"\ud83d":{},"message":{"chat":{"id":1},"message_id":2,"from":{"id":9,"first_name":"\ud800","\udfff":1},"text":"a\ud83d\u0000b\udc00"}}"""));

    [Fact]
    public void Parse_InvalidUtf8_IsUnparsed()
    {
        foreach (byte[] broken in new byte[][] { [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF, 0xFE] })
        {
            byte[] body = [.. "{\"update_id\":1,\"message\":{\"text\":\""u8, .. broken, .. "\"}}"u8];
            Assert.Equal("unparsed", Describe(body));
        }
    }

    [Fact]
    public void Parse_ByteOrderMark_IsPassedAndCounted()
    {
        byte[] body = [0xEF, 0xBB, 0xBF, .. "{\"update_id\":1,\"message\":{\"chat\":{\"id\":1},\"message_id\":3,\"text\":\"whole\"}}"u8];
        Assert.Equal("message update_id=1 chat=1 message=3 type=text text=whole flags=message", Describe(body));
        Assert.Equal("unparsed", Describe([0xEF, 0xBB, 0xBF, .. body]));
        Assert.Equal("unparsed", Describe([0xEF, 0xBB, 0xBF]));
    }

    [Theory]
    [InlineData(500, "poll update_id=1")]
    [InlineData(10_000, "unparsed")]
    [InlineData(200_000, "unparsed")]
    public void Parse_DeepNesting_IsReadToTheLimitAndNeverThrows(int depth, string expected)
    {
        var inside = new string('[', depth) + new string(']', depth);
        Assert.Equal(expected, Describe($"{{\"update_id\":1,\"poll\":{{\"a\":{inside}}}}}"));
        Assert.Equal("unparsed", Describe($"{{\"update_id\":1,\"poll\":{{\"a\":{new string('[', depth)}"));
    }

    [Fact]
    public void Parse_NameOf64Bytes_IsAKindAndOneMoreIsNot()
    {
        Assert.Equal(new string('k', 64), Describe($"{{\"{new string('k', 64)}\":{{}}}}"));
        Assert.Equal("unknown", Describe($"{{\"{new string('k', 65)}\":{{}}}}"));
        Assert.Equal("unknown", Describe($"{{\"{string.Concat(Enumerable.Repeat("\\u006b", 65))}\":{{}}}}"));
    }

    [Fact]
    public void Parse_KnownKinds_AllocatesNothing()
    {
        foreach (var sample in Support.SampleUpdates.All.Where(sample => UpdateKinds.Names.Contains(sample.Kind)))
        {
            UpdateFacts facts = default;
            Assert.Equal(0, Allocated.LeastBytes(() => facts = UpdateParser.Parse(sample.Body)));
            Assert.NotEqual(UpdateKinds.Unparsed, facts.Kind);
        }
    }

    [Fact]
    public void EventFacts_GatewayMadeKinds_AreNotReadAsUpdates()
    {
        var payload = """{"message":{"chat":{"id":1},"message_id":2,"text":"a"}}"""u8;
        Assert.Equal("gateway.log_reset", FactsText.Describe(EventFacts.Parse("gateway.log_reset", payload), payload.ToArray()));
        Assert.Equal("message chat=1 message=2 type=text text=a flags=message", FactsText.Describe(EventFacts.Parse("message", payload), payload.ToArray()));
    }
}
