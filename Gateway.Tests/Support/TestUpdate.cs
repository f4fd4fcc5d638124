using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>Small text messages, a different one for every update id.</summary>
internal static class TestUpdate
{
    /// <param name="paddingBytes">In a field that the compact event does not carry.</param>
    public static byte[] Body(long updateId, int paddingBytes = 0)
    {
        long user = UserOf(updateId);
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $$$"""{"update_id":{{{updateId}}},"message":{"message_id":{{{updateId}}},"from":{"id":{{{user}}},"is_bot":false,"first_name":"Ada"},"chat":{"id":{{{user}}},"first_name":"Ada","type":"private"},"date":1790000000,"text":"number {{{updateId}}}"},"padding":"{{{new string('x', paddingBytes)}}}"}"""));
    }

    public static ByteArrayContent Content(long updateId, int paddingBytes = 0) => Content(Body(updateId, paddingBytes));

    public static ByteArrayContent Content(byte[] body)
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public static string Hash(ReadOnlySpan<byte> body) => Convert.ToHexString(SHA256.HashData(body));

    // Seven users: events of several chats interleave in every test.
    private static long UserOf(long updateId) => 1000 + updateId % 7;
}
