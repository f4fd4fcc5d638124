using System.Globalization;
using System.Net;

namespace Gateway.Hosting;

/// <summary>Where a listener is bound. Port 0 lets the system choose; the address that was really bound is printed.</summary>
internal sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Loopback: a gateway that was just tried out is not open to the network.</summary>
    public static ListenAddress Default(int port) => new(IPAddress.Loopback, port);

    /// <summary><c>127.0.0.1:8080</c>, <c>[::1]:8080</c>, <c>localhost:8080</c>, <c>*:8080</c> or <c>:8080</c> (all interfaces); null for anything else.</summary>
    public static ListenAddress? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return null;
        var host = text[..colon];
        if (host is "" or "*") return new(IPAddress.IPv6Any, port);
        if (host == "localhost") return new(IPAddress.Loopback, port);
        // An IPv6 address needs its brackets, else its last group reads as the port.
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (host.Contains(':') != bracketed) return null;
        return IPAddress.TryParse(bracketed ? host[1..^1] : host, out var address) ? new(address, port) : null;
    }

    public override string ToString() => new IPEndPoint(Address, Port).ToString();
}
