using System.Net;
using System.Net.Sockets;

namespace Gateway.LoadTests.Native;

/// <summary>Connections over loopback that come from many addresses of 127/8, so that ports never run out.</summary>
internal static class Loopback
{
    private const int ConnectionsPerAddress = 4096;

    /// <param name="index">The how-manieth connection of its pool; every 4,096 share a source address.</param>
    public static Socket Connect(int port, int index)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (index >= ConnectionsPerAddress)
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)(index / ConnectionsPerAddress)]), 0));
        }

        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
