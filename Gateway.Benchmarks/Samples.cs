using System.Globalization;
using System.Text;
using Gateway.Messages;

namespace Gateway.Benchmarks;

/// <summary>Updates of the sizes that matter: an ordinary chat line, one with a long text and thousands of entities, and one that tries a parser.</summary>
internal static class Samples
{
    private const int Entities = 2_000;

    public static byte[] Small { get; } = Message(1);

    public static byte[] Big { get; } = Encoding.UTF8.GetBytes(
        "{\"update_id\":2,\"message\":{\"message_id\":2,\"from\":{\"id\":7,\"is_bot\":false,\"first_name\":\"Ada\"},\"chat\":{\"id\":7,\"type\":\"private\"},\"date\":1790000000,\"text\":\""
        + new string('x', 4096) + "\",\"entities\":["
        + string.Join(',', Enumerable.Range(0, Entities).Select(at => $"{{\"type\":\"bold\",\"offset\":{at * 2},\"length\":1}}"))
        + "]}}");

    /// <summary>Escapes everywhere, duplicate keys, numbers as floats, deep nesting, keys in an unusual order.</summary>
    public static byte[] Nasty { get; } = Encoding.UTF8.GetBytes(
        """{"message":{"text":"\ud83d\ude00 \ud800 \u0000 \"quoted\" \\","chat":{"type":"private","id":7.0e0,"id":9007199254740993},"x":"""
        + new string('[', 60) + new string(']', 60)
        + ""","message_id":3,"date":1.79e9,"from":{"first_name":"\u0041","id":7}},"update_id":3,"update_id":3,"future_kind":{"a":[1,2,{"b":null}]}}""");

    public static byte[] Message(long id) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"{{\"update_id\":{id},\"message\":{{\"message_id\":{id},\"from\":{{\"id\":{id % 200 + 1},\"is_bot\":false,\"first_name\":\"Ada\",\"last_name\":\"Lovelace\",\"username\":\"ada_l\",\"language_code\":\"en\"}},\"chat\":{{\"id\":{id % 200 + 1},\"first_name\":\"Ada\",\"last_name\":\"Lovelace\",\"username\":\"ada_l\",\"type\":\"private\"}},\"date\":1790000000,\"text\":\"a chat line of an ordinary length, so that the body has an ordinary size\"}}}}"));

    public static IncomingUpdate Incoming(long id)
    {
        byte[] payload = Message(id);
        UpdateFacts facts = UpdateParser.Parse(payload);
        return new IncomingUpdate(1, payload, in facts);
    }

    public static LogEvent Event(long seq)
    {
        byte[] payload = Message(seq);
        UpdateFacts facts = UpdateParser.Parse(payload);
        return new LogEvent("benchmrk", seq, 1, facts.Kind, payload, in facts) { ChatId = 1, MessageId = seq, CreatedAtMs = 1_790_000_000_000 };
    }
}
