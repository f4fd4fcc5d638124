using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.LoadTests.References;

/// <summary>
/// What fan-out is compared with: a loop that writes the same bytes to the same number of sockets. The connection after the starter's probe
/// leads: it gives the messages (a length of four bytes, then the bytes); every later connection gets each of them.
/// </summary>
internal static class BareFanout
{
    public static int Run(int port, int subscribers)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);

        // The probe that waits for this process to listen comes first and says nothing.
        listener.Accept().Dispose();
        using Socket lead = listener.Accept();
        Socket[] sockets = new Socket[subscribers];
        for (int index = 0; index < subscribers; index++)
        {
            sockets[index] = listener.Accept();
            sockets[index].NoDelay = true;
            sockets[index].Blocking = false;
        }

        lead.Send("R"u8);
        byte[] message = new byte[64 * 1024];
        while (Fill(lead, message.AsSpan(0, 4)))
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(message);
            if (!Fill(lead, message.AsSpan(0, length)))
            {
                return 0;
            }

            foreach (Socket socket in sockets)
            {
                socket.Send(message.AsSpan(0, length), SocketFlags.None, out SocketError error);
                if (error != SocketError.Success)
                {
                    Console.Error.WriteLine($"a subscriber of the bare loop does not read: {error}");
                    return 1;
                }
            }
        }

        return 0;
    }

    private static bool Fill(Socket socket, Span<byte> target)
    {
        while (target.Length > 0)
        {
            int count = socket.Receive(target);
            if (count == 0)
            {
                return false;
            }

            target = target[count..];
        }

        return true;
    }
}
