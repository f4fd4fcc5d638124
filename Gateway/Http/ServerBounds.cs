using Gateway.Messages;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http;

/// <summary>Gives the server the bounds it enforces for us before a handler sees the request.</summary>
internal static class ServerBounds
{
    public static void Apply(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = Limits.Http.ServerBodyBytes;
        options.Limits.MaxRequestLineSize = Limits.Http.RequestLineBytes;
        options.Limits.MaxRequestHeadersTotalSize = Limits.Http.HeaderBytes;
        options.Limits.MaxRequestHeaderCount = Limits.Http.Headers;
        options.Limits.RequestHeadersTimeout = Limits.Http.HeadersWait;
        options.Limits.KeepAliveTimeout = Limits.Http.KeepAlive;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(Limits.Http.BodyRateBytesPerSecond, Limits.Http.BodyGrace);
    }
}
