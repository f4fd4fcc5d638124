using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Http;

/// <summary>
/// An address or a network, in the 128 bits of IPv6, where an IPv4 address has the mapped one (RFC 4291, 2.5.5.2). Of its own and not
/// <see cref="IPNetwork"/>, which knows a mapped address only after an allocation: each IPv4 client of a socket for both has one.
/// </summary>
internal readonly record struct ProxyNetwork
{
    private const int Ipv4Start = 96;

    private readonly UInt128 start;
    private readonly UInt128 mask;

    private ProxyNetwork(UInt128 start, int length) =>
        (this.start, mask) = (start, length == 0 ? 0 : UInt128.MaxValue << (128 - length));

    /// <summary>Everybody of a kind, whose header is then worth nothing.</summary>
    public bool IsEverybody => mask == 0 || (IsIpv4(start) && mask == UInt128.MaxValue << 32);

    /// <summary><c>10.0.0.1</c>, <c>10.0.0.0/8</c>, <c>fd00::1</c> or <c>fd00::/8</c>.</summary>
    public static ProxyNetwork? TryParse(ReadOnlySpan<char> text, out string? problem)
    {
        var slash = text.IndexOf('/');
        problem = null;
        if (AddressText.Plain(slash < 0 ? text : text[..slash]) is not { } address)
        {
            problem = "is neither an address nor a network, as 10.0.0.1, 10.0.0.0/8 or fd00::/8";
            return null;
        }

        var isIpv4 = address.AddressFamily == AddressFamily.InterNetwork;
        var most = isIpv4 ? 32 : 128;
        var length = most;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > most))
        {
            problem = $"has no prefix length from 0 to {most} after its slash";
            return null;
        }

        var network = new ProxyNetwork(BitsOf(address), isIpv4 ? length + Ipv4Start : length);
        if ((network.start & ~network.mask) == 0) return network;
        // Taken as it stands it would trust more machines than whoever wrote it saw there.
        problem = $"is an address inside a network, and not a network: bits are set after the first {length}";
        return null;
    }

    public static UInt128 BitsOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return written == 4
            ? new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary><c>::/0</c> is everybody on IPv6; it takes in no IPv4 by the way.</summary>
    public bool Contains(UInt128 address) => (address & mask) == start && IsIpv4(address) == IsIpv4(start);

    private static bool IsIpv4(UInt128 address) => address >> 32 == 0xFFFF;
}
