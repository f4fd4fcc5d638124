using System.Text;
using System.Text.Json;
using Gateway.Deliver;
using Gateway.Deliver.Sse;
using Gateway.Messages;
using Gateway.Tests.Repository;
using Gateway.Tests.Support;
using Xunit;
using SampleUpdates = Gateway.Tests.Support.SampleUpdates;

namespace Gateway.Tests.Deliver;

public sealed class EventEncoderTests
{
    private static LogEvent EventOf(byte[] payload, string? kind = null)
    {
        var facts = UpdateParser.Parse(payload);
        return new LogEvent("abcdefgh", 8123, 1, kind ?? facts.Kind, payload, in facts) { ChatId = 7, MessageId = 8123, CreatedAtMs = 1_770_638_400_214 };
    }

    private static byte[] Encode(LogEvent logEvent, bool includeUpdate = false, bool isLineSafe = false)
    {
        var buffer = new ByteBuffer(64);
        EventEncoder.Append(buffer, logEvent, includeUpdate, isLineSafe);
        return buffer.Written.ToArray();
    }

    [Fact]
    public void Message_Encoded_IsTheDocumentedEventInItsOrder()
    {
        var update = """{"update_id":5,"message":{"message_id":1001,"date":1770638400,"chat":{"id":-1001234,"type":"supergroup","title":"T"},"from":{"id":99,"is_bot":false,"first_name":"John","last_name":"Doe","username":"john"},"text":"Hello"}}"""u8.ToArray();
        const string expected = """{"seq":8123,"type":"new_message","bot_id":1,"chat_id":7,"message_id":8123,"telegram_id":1001,"telegram_chat_id":-1001234,"direction":"incoming","message_type":"text","text":"Hello","command":null,"from_user_id":99,"from_username":"john","from_first_name":"John","from_last_name":"Doe","reply_to_message_id":null,"reply_to_telegram_id":null,"thread_id":null,"media_group_id":null,"file":null,"timestamp":"2026-02-09T12:00:00Z","received_at":"2026-02-09T12:00:00.214Z"}""";

        Assert.Equal(expected, Encoding.UTF8.GetString(Encode(EventOf(update))));
    }

    [Fact]
    public void Samples_EncodedInBothForms_FitTheSchemaAndCarryTheUpdateByteForByte()
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryRoot.Folder, "docs", "event.schema.json")));
        foreach (var sample in SampleUpdates.All)
        {
            foreach (var includeUpdate in new[] { false, true })
            {
                using var json = JsonDocument.Parse(Encode(EventOf(sample.Body), includeUpdate), new JsonDocumentOptions { MaxDepth = 500 });
                Assert.True(JsonSchema.Faults(schema.RootElement, json.RootElement) is [], sample.Name + ": " + string.Join("; ", JsonSchema.Faults(schema.RootElement, json.RootElement)));
                if (includeUpdate && sample.Body is [0xEF, 0xBB, 0xBF, ..])
                {
                    // A byte order mark is no part of a JSON text (RFC 8259 section 8.1).
                    Assert.Equal(sample.Body, json.RootElement.GetProperty("update_base64").GetBytesFromBase64());
                }
                else if (includeUpdate)
                {
                    var raw = json.RootElement.GetProperty("update").GetRawText();
                    Assert.Equal(Encoding.UTF8.GetString(sample.Body).Trim(), raw);
                }
            }
        }
    }

    public static TheoryData<byte[]> Unparsable => new()
    {
        "{\"update_id\":1,\"message\":"u8.ToArray(),
        "not json at all"u8.ToArray(),
        ""u8.ToArray(),
        new byte[] { 0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}' },
        new byte[] { (byte)'"', 0xFF, 0xFE, (byte)'"' },
        "{\"update_id\":1} trailing"u8.ToArray(),
        new byte[] { 0, 1, 2, 255 },
    };

    [Theory]
    [MemberData(nameof(Unparsable))]
    public void Payload_ThatIsNoJson_IsDeliveredAsBase64(byte[] payload)
    {
        using var json = JsonDocument.Parse(Encode(EventOf(payload), includeUpdate: true));

        Assert.False(json.RootElement.TryGetProperty("update", out _));
        Assert.Equal(payload, json.RootElement.GetProperty("update_base64").GetBytesFromBase64());
    }

    [Fact]
    public void Text_WithEscapesAndLoneSurrogates_IsCopiedAsItStands()
    {
        var update = """{"update_id":5,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private","first_name":"A"},"text":"a\"\\\u0000\ud800\n\/"}}"""u8.ToArray();

        Assert.Contains("\"text\":\"a\\\"\\\\\\u0000\\ud800\\n\\/\",", Encoding.UTF8.GetString(Encode(EventOf(update))));
    }

    [Fact]
    public void Text_ThatIsNoUtf8_StillMakesAFrameThatIs()
    {
        byte[] update = [.. """{"update_id":5,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private","first_name":"A"},"text":"x"""u8, 0xFF, .. "\"}}"u8];
        var encoded = Encode(EventOf(update), includeUpdate: true);

        Assert.True(System.Text.Unicode.Utf8.IsValid(encoded));
        using var json = JsonDocument.Parse(encoded);
        Assert.Equal(update, json.RootElement.GetProperty("update_base64").GetBytesFromBase64());
    }

    [Fact]
    public void Numbers_BeyondTheExactRange_AreNullAndStayInTheUpdate()
    {
        var update = """{"update_id":5,"message":{"message_id":1,"date":1,"chat":{"id":9007199254740993,"type":"private"},"from":{"id":9007199254740993,"is_bot":false,"first_name":"A"},"text":"x"}}"""u8.ToArray();
        using var json = JsonDocument.Parse(Encode(EventOf(update), includeUpdate: true));

        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("from_user_id").ValueKind);
        Assert.Equal(9007199254740993, json.RootElement.GetProperty("update").GetProperty("message").GetProperty("from").GetProperty("id").GetInt64());
    }

    [Fact]
    public void SseBlock_OfAPrettyPrintedUpdate_IsPutTogetherByteForByte()
    {
        var update = "{\n  \"update_id\": 5,\n  \"poll\": {}\n}"u8.ToArray();
        var block = Encoding.UTF8.GetString(SseFraming.Instance.Event(new EncodedEvent(EventOf(update)), includeUpdate: true));
        var lines = block.Split('\n');
        var data = string.Join('\n', lines.Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..]));

        Assert.Equal("id: abcdefgh-8123", lines[0]);
        Assert.EndsWith("\n\n", block, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(data);
        Assert.Equal(Encoding.UTF8.GetString(update), json.RootElement.GetProperty("update").GetRawText());
    }

    [Fact]
    public void SseBlock_OfAnUpdateWithCarriageReturns_CarriesItAsBase64()
    {
        var update = "{\r\n\"update_id\": 5,\r\n\"poll\": {}}"u8.ToArray();
        var block = Encoding.UTF8.GetString(SseFraming.Instance.Event(new EncodedEvent(EventOf(update)), includeUpdate: true));

        Assert.Contains(Convert.ToBase64String(update), block);
    }
}
