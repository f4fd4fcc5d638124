using System.Buffers.Text;

namespace Gateway.LoadTests.Posting;

/// <summary>Finds the end of an HTTP/1.1 response in what was received so far.</summary>
internal static class HttpResponse
{
    /// <returns>False: more bytes are needed.</returns>
    public static bool TryRead(ReadOnlySpan<byte> received, out int status, out int consumed)
    {
        status = 0;
        consumed = 0;
        int headEnd = received.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> head = received[..headEnd];
        if (!Utf8Parser.TryParse(head[9..], out status, out _))
        {
            throw new InvalidDataException("not an HTTP response");
        }

        int length = 0;
        int at = head.IndexOf("\r\nContent-Length: "u8);
        if (at >= 0)
        {
            _ = Utf8Parser.TryParse(head[(at + "\r\nContent-Length: ".Length)..], out length, out _);
        }
        else if (head.IndexOf("\r\nTransfer-Encoding: chunked"u8) >= 0)
        {
            int end = received[(headEnd + 2)..].IndexOf("\r\n0\r\n\r\n"u8);
            consumed = end < 0 ? 0 : headEnd + 2 + end + 7;
            return end >= 0;
        }

        consumed = headEnd + 4 + length;
        return received.Length >= consumed;
    }
}
