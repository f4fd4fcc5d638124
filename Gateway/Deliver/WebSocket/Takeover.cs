using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Answers 101 (over HTTP/2: 200) and gives the way out. On a plain connection whose first request this is, Kestrel has written nothing and will not
/// before the handler returns, so the handler may write the 101 itself, directly to the socket: whatever the shard sends there comes
/// after it by the order of two system calls. After an ordinary upgrade it would not: UpgradeAsync returns when the head is in
/// Kestrel's pipe, not when it has left (a frame overtook it on 1,978 of 2,000 sockets). Everything else takes the ordinary
/// upgrade and writes through its stream.
/// </summary>
internal static class Takeover
{
    /// <summary>The end of Kestrel's trace identifier for a connection's first request: the count, eight hex digits.</summary>
    private const string FirstRequest = ":00000001";

    /// <summary>Null when the peer is gone before it could be answered.</summary>
    public static async ValueTask<FrameOutlet?> OpenAsync(HttpContext context)
    {
        if (Handshake.IsConnect(context))
        {
            return await AcceptAsync(context);
        }
        if (FindSocket(context) is not { } socket)
        {
            return await UpgradeAsync(context);
        }
        var lifetime = context.Features.GetRequiredFeature<IConnectionLifetimeFeature>();
        var transport = context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
        var isAnswered = SendHead(socket, context.Request.Headers.SecWebSocketKey.ToString());
        Shed(context);
        return isAnswered ? new SocketOutlet(socket, transport, lifetime) : null;
    }

    /// <summary>
    /// The request's object lives as long as the socket. What it says has been read: about 1.5 KB of headers, query and target are let
    /// go, a credential among them.
    /// </summary>
    private static void Shed(HttpContext context)
    {
        context.Request.Headers.Clear();
        context.Request.QueryString = default;
        context.Request.Query = QueryCollection.Empty;
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "";
    }

    private static Socket? FindSocket(HttpContext context)
    {
        var isFirst = context.TraceIdentifier.EndsWith(FirstRequest, StringComparison.Ordinal);
        var isPlain = !context.Request.IsHttps && context.Features.Get<ITlsHandshakeFeature>() is null;
        return isFirst && isPlain && HttpProtocol.IsHttp11(context.Request.Protocol)
            ? context.Features.Get<IConnectionSocketFeature>()?.Socket
            : null;
    }

    private static bool SendHead(Socket socket, string key)
    {
        Span<byte> head = stackalloc byte[Handshake.HeadBytes];
        var length = Handshake.WriteHead(head, key);
        try
        {
            // From here on a send takes what the kernel has room for and never waits.
            socket.Blocking = false;
            // The smallest send buffer a kernel gives holds the head many times over: a short send means a dead connection.
            return socket.Send(head[..length], SocketFlags.None, out var error) == length && error == SocketError.Success;
        }
        catch (Exception failure) when (FrameOutlet.IsPeerGone(failure))
        {
            return false;
        }
    }

    private static async ValueTask<FrameOutlet?> UpgradeAsync(HttpContext context)
    {
        // A slow reader is the hub's affair (4100); Kestrel would cut it without a word.
        var rate = context.Features.Get<IHttpMinResponseDataRateFeature>();
        if (rate is not null)
        {
            rate.MinDataRate = null;
        }
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = Handshake.Accept(context.Request.Headers.SecWebSocketKey.ToString());
        try
        {
            var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            Shed(context);
            return new StreamOutlet(stream, context);
        }
        catch (Exception failure) when (FrameOutlet.IsPeerGone(failure))
        {
            return null;
        }
    }

    /// <summary>
    /// RFC 8441: one stream of an HTTP/2 connection becomes the socket. Kestrel holds it to neither the size nor the pace of a request's body
    /// (<c>Http2SocketTests</c> shows both).
    /// </summary>
    private static async ValueTask<FrameOutlet?> AcceptAsync(HttpContext context)
    {
        try
        {
            var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
            Shed(context);
            return new StreamOutlet(stream, context);
        }
        catch (Exception failure) when (FrameOutlet.IsPeerGone(failure))
        {
            return null;
        }
    }
}
