using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

/// <summary>An answer about what may be taken from its reader while he is slow to take it.</summary>
internal static class GuardedReply
{
    /// <param name="guard">Asked before each part of the answer leaves; see <see cref="OutputGate"/>.</param>
    public static async Task WriteAsync(Exchange exchange, Func<RestStatus> guard, ReadOnlyMemory<byte> json)
    {
        var output = OutputGate.Of(exchange.Context);
        output?.Add(guard);
        // A reset of an HTTP/2 stream does not end this: the server cancels nobody whose answer it has whole, and what it has framed still leaves.
        try
        {
            await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, json);
        }
        finally
        {
            output?.Remove(guard);
        }
    }
}
