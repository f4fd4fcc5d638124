using Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.WebSocket;

/// <summary>Answers to requests that do not open a WebSocket.</summary>
internal static class HandshakeReply
{
    public static Task WriteAsync(Exchange exchange, HandshakeStatus status)
    {
        switch (status)
        {
            case HandshakeStatus.NotAnUpgrade:
                if (HttpProtocol.IsHttp11(exchange.Request.Protocol))
                {
                    // HTTP/2 has neither field.
                    exchange.Response.Headers.Upgrade = "websocket";
                    exchange.Response.Headers.Connection = "Upgrade";
                }
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status426UpgradeRequired, "UPGRADE_REQUIRED", "This address speaks WebSocket only.");
            case HandshakeStatus.WrongVersion:
                exchange.Response.Headers.SecWebSocketVersion = Handshake.Version;
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status426UpgradeRequired, "WEBSOCKET_VERSION", "Only version 13 is spoken here.");
            case HandshakeStatus.ForeignOrigin:
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status403Forbidden, "FOREIGN_ORIGIN", "Pages of this origin may not connect.");
            default:
                return ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "WEBSOCKET_KEY", "Sec-WebSocket-Key must be 16 bytes in Base64.");
        }
    }
}
