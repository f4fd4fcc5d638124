using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Deliver.WebSocket;

internal enum HandshakeStatus
{
    Acceptable,

    /// <summary>A plain request: 426, over HTTP/1.1 with <c>Upgrade: websocket</c>.</summary>
    NotAnUpgrade,

    /// <summary>426 with the version that is spoken (RFC 6455 section 4.4).</summary>
    WrongVersion,

    /// <summary>400.</summary>
    BadKey,

    /// <summary>403: a page of another site; a browser would send the user's query credentials along for it.</summary>
    ForeignOrigin,
}

/// <summary>
/// RFC 6455 section 4.2: whether a request opens a WebSocket here, and the head that says so. Over HTTP/2 (RFC 8441 section 5) the method is CONNECT with
/// <c>:protocol</c>; there is no key to answer, the rest is the same.
/// </summary>
internal static class Handshake
{
    public const string Version = "13";

    /// <summary>Status line, three headers and the 28 characters of the accept value.</summary>
    public const int HeadBytes = 129;

    private const int KeyBytes = 16;
    private const int AcceptBytes = 28;

    public static HandshakeStatus Examine(HttpContext context, IReadOnlyCollection<string> allowedOrigins)
    {
        var request = context.Request;
        var isConnect = IsConnect(context);
        if (!isConnect && !IsUpgrade(context))
        {
            return HandshakeStatus.NotAnUpgrade;
        }
        if (request.Headers.SecWebSocketVersion != Version)
        {
            return HandshakeStatus.WrongVersion;
        }
        if (!isConnect && !IsKey(request.Headers.SecWebSocketKey.ToString()))
        {
            return HandshakeStatus.BadKey;
        }
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || IsOwn(origin, request.Host.Value) || allowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            ? HandshakeStatus.Acceptable
            : HandshakeStatus.ForeignOrigin;
    }

    /// <summary>HTTP/2's way. Other protocols of an extended CONNECT are none of this address.</summary>
    public static bool IsConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    /// <summary>HTTP/1.1's way.</summary>
    private static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && context.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes the whole 101 head and answers its length, <see cref="HeadBytes"/>.</summary>
    public static int WriteHead(Span<byte> destination, string key)
    {
        var start = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "u8;
        start.CopyTo(destination);
        Encoding.ASCII.GetBytes(Accept(key), destination[start.Length..]);
        "\r\n\r\n"u8.CopyTo(destination[(start.Length + AcceptBytes)..]);
        return start.Length + AcceptBytes + 4;
    }

    /// <summary>RFC 6455 section 4.2.2, step 5.4; the GUID is the standard's.</summary>
    public static string Accept(string key)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The standard's choice; it proves that a WebSocket server answered and protects nothing.
        SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"), hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }

    private static bool IsKey(string key)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes];
        return key.Length == 24 && Convert.TryFromBase64String(key, bytes, out var written) && written == KeyBytes;
    }

    /// <summary>The scheme is not compared: behind a proxy that ends TLS the page is https and this request is not.</summary>
    private static bool IsOwn(string origin, string? host)
    {
        var start = origin.IndexOf("://", StringComparison.Ordinal);
        if (start < 0 || string.IsNullOrEmpty(host))
        {
            return false;
        }
        return WithoutDefaultPort(origin.AsSpan(start + 3)).Equals(WithoutDefaultPort(host), StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> WithoutDefaultPort(ReadOnlySpan<char> authority) =>
        authority.EndsWith(":80") ? authority[..^3] : authority.EndsWith(":443") ? authority[..^4] : authority;
}
