using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Gateway.LoadTests.Posting;

/// <summary>
/// One webhook request, built once; before each send only digits are written over: update id, message id, user, and the time
/// the request was due, which comes back in the event's text and tells the latency.
/// </summary>
internal sealed class UpdateTemplate
{
    public const int TimeDigits = 19;
    private const int IdDigits = 16;
    private const int UserDigits = 9;
    private const int Users = 200;

    /// <summary>What stands before the time in the text; the subscriber looks for it.</summary>
    public static ReadOnlySpan<byte> TimeMark => "\"text\":\"t="u8;

    private readonly byte[] request;
    private readonly int updateId, messageId, fromId, chatId, time;
    private long next;

    public UpdateTemplate(int port, string webhookSecret)
    {
        const string Body = """
            {"update_id":UUUUUUUUUUUUUUUU,"message":{"message_id":MMMMMMMMMMMMMMMM,"from":{"id":FFFFFFFFF,"is_bot":false,"first_name":"Ada","last_name":"Lovelace","username":"ada_l","language_code":"en"},"chat":{"id":CCCCCCCCC,"first_name":"Ada","last_name":"Lovelace","username":"ada_l","type":"private"},"date":1790000000,"text":"t=TTTTTTTTTTTTTTTTTTT a chat line of an ordinary length, so that the body has an ordinary size"}}
            """;
        string head = string.Create(CultureInfo.InvariantCulture,
            $"POST /telegram/webhook/{webhookSecret} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n");
        request = Encoding.ASCII.GetBytes(head + Body);
        updateId = head.Length + Body.IndexOf("UUU", StringComparison.Ordinal);
        messageId = head.Length + Body.IndexOf("MMM", StringComparison.Ordinal);
        fromId = head.Length + Body.IndexOf("FFF", StringComparison.Ordinal);
        chatId = head.Length + Body.IndexOf("CCC", StringComparison.Ordinal);
        time = head.Length + Body.IndexOf("TTT", StringComparison.Ordinal);

        // Sixteen digits for the next centuries, never repeated between runs against one database.
        next = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;
    }

    public int BodyBytes => request.Length - updateId + "{\"update_id\":".Length;

    /// <summary>The next request, valid until the next call.</summary>
    public ReadOnlySpan<byte> Next(long dueNanoseconds)
    {
        long id = next++;
        Write(updateId, id, IdDigits);
        Write(messageId, id, IdDigits);
        long user = 100_000_000 + id % Users;
        Write(fromId, user, UserDigits);
        Write(chatId, user, UserDigits);
        Write(time, dueNanoseconds, TimeDigits);
        return request;
    }

    private void Write(int offset, long value, int digits) => WriteDigits(request.AsSpan(offset, digits), value);

    public static void WriteDigits(Span<byte> target, long value) =>
        Utf8Formatter.TryFormat(value, target, out _, new System.Buffers.StandardFormat('D', (byte)target.Length));
}
