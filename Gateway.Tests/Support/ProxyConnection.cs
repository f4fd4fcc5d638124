using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>One client connection of a <see cref="TcpProxy"/>.</summary>
internal sealed class ProxyConnection(TcpProxy proxy, Socket client, int upstreamPort)
{
    private readonly Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource serverAnswered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isFrozen;
    private volatile bool isDroppingReplies;
    private volatile bool isHoldingReplies;

    public void Freeze() => isFrozen = true;

    public void Close()
    {
        client.Close(0);
        server.Close(0);
        closed.TrySetResult();
    }

    public async Task RunAsync()
    {
        try
        {
            client.NoDelay = true;
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, upstreamPort));
            Task up = proxy.OnPacket is null ? PumpAsync(client, server) : PumpPacketsAsync(proxy.OnPacket);
            await Task.WhenAny(up, PumpAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The end of a connection, made by either side or by the test, is what a proxy is for.
        }
        finally
        {
            Close();
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer) is > 0 and int count)
        {
            if (from == server && isDroppingReplies)
            {
                serverAnswered.TrySetResult();
                return;
            }

            if (from == server && isHoldingReplies)
            {
                await proxy.HoldReplyAsync();
                isHoldingReplies = false;
            }

            await SendAsync(to, buffer.AsMemory(0, count));
        }
    }

    /// <summary>Client to server, packet by packet: [3 bytes length][sequence][payload]; a command starts with sequence 0.</summary>
    private async Task PumpPacketsAsync(Func<ReadOnlyMemory<byte>, PacketFate> decide)
    {
        byte[] packet = new byte[16 * 1024];
        while (await ReceiveExactlyAsync(packet.AsMemory(0, 4)))
        {
            int length = packet[0] | (packet[1] << 8) | (packet[2] << 16);
            if (packet.Length < length + 4)
            {
                Array.Resize(ref packet, length + 4);
            }

            if (!await ReceiveExactlyAsync(packet.AsMemory(4, length)))
            {
                return;
            }

            PacketFate fate = packet[3] == 0 ? decide(packet.AsMemory(4, length)) : PacketFate.Forward;
            if (!await MeetAsync(fate, packet.AsMemory(0, 4 + length)))
            {
                return;
            }
        }
    }

    /// <returns>False when the connection is to be closed.</returns>
    private async Task<bool> MeetAsync(PacketFate fate, ReadOnlyMemory<byte> packet)
    {
        switch (fate)
        {
            case PacketFate.ForwardThenCutReply:
                isDroppingReplies = true;
                await SendAsync(server, packet);
                await serverAnswered.Task;
                return false;
            case PacketFate.ForwardThenCut:
                isDroppingReplies = true;
                await SendAsync(server, packet);
                client.Close(0);
                await serverAnswered.Task; // Closing the server's side earlier would reset the connection and could drop the request itself.
                return false;
            case PacketFate.Freeze:
                isFrozen = true;
                break;
            case PacketFate.FreezeHalfway:
                await SendAsync(server, packet[..(packet.Length / 2)]);
                isFrozen = true;
                break;
            case PacketFate.ForwardThenFreeze:
                await SendAsync(server, packet);
                isFrozen = true;
                break;
            case PacketFate.ForwardThenHoldReply:
                isHoldingReplies = true;
                break;
            case PacketFate.Forward:
                break;
            default:
                throw new InvalidOperationException($"unknown fate {fate}");
        }

        await SendAsync(server, packet);
        return true;
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        if (isFrozen)
        {
            await closed.Task;
            throw new ObjectDisposedException(nameof(ProxyConnection));
        }

        if (proxy.Delay > TimeSpan.Zero)
        {
            await Task.Delay(proxy.Delay, TimeProvider.System);
        }

        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes)..];
        }
    }

    private async Task<bool> ReceiveExactlyAsync(Memory<byte> target)
    {
        while (target.Length > 0)
        {
            int count = await client.ReceiveAsync(target);
            if (count == 0)
            {
                return false;
            }

            target = target[count..];
        }

        return true;
    }
}
