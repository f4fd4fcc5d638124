using System.Globalization;
using System.Net.Sockets;
using Gateway.LoadTests.Native;

namespace Gateway.LoadTests.Children;

/// <summary>This same program again, as the bare thing the gateway is compared with, in a process of its own.</summary>
internal sealed class ReferenceChild : IDisposable
{
    private readonly Child child;

    private ReferenceChild(Child child, int port)
    {
        this.child = child;
        Port = port;
    }

    public int Port { get; }
    public int Id => child.Id;

    public static async Task<ReferenceChild> StartAsync(string name, params IReadOnlyList<string> arguments)
    {
        int port = Loopback.FreePort();
        Child child = Child.Start(Environment.ProcessPath!, [name, "--port", port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        for (int attempt = 0; attempt < 2000 && !child.HasExited; attempt++)
        {
            try
            {
                using Socket probe = Loopback.Connect(port, 0);
                return new ReferenceChild(child, port);
            }
            catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
            {
                await Task.Delay(5);
            }
        }

        throw new TimeoutException($"{name} did not start: {child.LastLines}");
    }

    public void Dispose() => child.Dispose();
}
