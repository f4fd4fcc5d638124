using System.Buffers.Text;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Gateway.Access;
using Gateway.Tests.Support;

namespace Gateway.Tests.Faults;

/// <summary>
/// A stranger who tries keys: ten thousand calls a second over a few connections, pipelined, none with a good key. Nine of ten keys are made up
/// and different every time, so that nothing can be remembered; one of ten has a right tag, as a key of a lost database would.
/// </summary>
internal sealed class WrongKeyFlood : IDisposable
{
    public const int PerSecond = 10_000;
    private const int Connections = 8, Burst = 50, Tagged = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds((double)Connections * Burst / PerSecond);

    private readonly List<Socket> sockets = [];
    private readonly string[] tagged;
    private long answers, refusals;

    private WrongKeyFlood(int port, KeyRing keys, long keyId)
    {
        // The text is not the one that the id was given for: only the hash tells.
        tagged = [.. Enumerable.Range(0, Tagged).Select(_ => ApiKeyText.Create(keyId, keys))];
        for (int i = 0; i < Connections; i++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sockets.Add(socket);
            socket.Connect("127.0.0.1", port);
            _ = Task.Run(() => CountAsync(socket));
        }
    }

    /// <summary>Answered so far, and how many of these were the 401 that each deserves.</summary>
    public (long Answers, long Refusals) Count => (Volatile.Read(ref answers), Volatile.Read(ref refusals));

    /// <param name="keyId">Of a key that exists: one that does not is refused before its hash.</param>
    public static WrongKeyFlood Connect(GatewayProcess gateway, long keyId) =>
        new(gateway.Port, new KeyRing(MasterKeyFile.Read(Path.Combine(gateway.DataFolder, MasterKeyFile.Name))!), keyId);

    public Task RunAsync(TimeSpan duration) => Task.WhenAll(sockets.Select((socket, index) => Task.Run(() => SendAsync(socket, index, duration))));

    private async Task SendAsync(Socket socket, int index, TimeSpan duration)
    {
        long start = TimeProvider.System.GetTimestamp();
        byte[] random = new byte[40];
        for (int burst = 0; ; burst++)
        {
            TimeSpan due = Pause * (burst + ((double)index / Connections));
            if (due > duration)
            {
                return;
            }

            TimeSpan wait = due - TimeProvider.System.GetElapsedTime(start);
            if (wait > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(wait, TimeProvider.System);
            }

            StringBuilder calls = new();
            for (int i = 0; i < Burst; i++)
            {
                RandomNumberGenerator.Fill(random);
                string key = i % 10 == 0 ? tagged[(burst + i) % Tagged] : $"tgw_1_{Base64Url.EncodeToString(random)}";
                calls.Append("GET /api/v1/events HTTP/1.1\r\nHost: g\r\nX-API-Key: ").Append(key).Append("\r\n\r\n");
            }

            await socket.SendAsync(Encoding.ASCII.GetBytes(calls.ToString()));
        }
    }

    /// <summary>Each answer begins with its status line, and nothing else in it looks like one.</summary>
    private async Task CountAsync(Socket socket)
    {
        byte[] buffer = new byte[128 * 1024];
        int kept = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(kept)) is var read and > 0)
            {
                kept = CountIn(buffer, kept + read);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Closed by the test's end: what was not counted until then was not waited for either.
            kept = 0;
        }
    }

    private int CountIn(byte[] buffer, int filled)
    {
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, filled);
        while (rest.IndexOf("HTTP/1.1 "u8) is var at and >= 0 && at + 12 <= rest.Length)
        {
            Interlocked.Increment(ref answers);
            if (rest.Slice(at + 9, 3).SequenceEqual("401"u8))
            {
                Interlocked.Increment(ref refusals);
            }

            rest = rest[(at + 12)..];
        }

        // A status line may be cut at the end of what came.
        int tail = Math.Min(rest.Length, 11);
        rest[^tail..].ToArray().CopyTo(buffer, 0);
        return tail;
    }

    public void Dispose() => sockets.ForEach(socket => socket.Dispose());
}
