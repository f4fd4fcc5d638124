using Gateway.Messages;

namespace Gateway.Deliver.WebSocket;

internal sealed record SocketOptions
{
    /// <summary>Pages of these origins (<c>https://app.example.org</c>) may connect besides the gateway's own.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    public int MaxSockets { get; init; } = Limits.WebSocket.Sockets;
    public int MaxSocketsPerKey { get; init; } = Limits.WebSocket.SocketsPerKey;
    public int MaxUnauthenticated { get; init; } = Limits.WebSocket.UnauthenticatedSockets;
    public int MaxUnauthenticatedPerAddress { get; init; } = Limits.WebSocket.UnauthenticatedSocketsPerAddress;
}
