using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Http;

/// <summary>What is counted as one address. An IPv6 customer has a /64 of addresses to come from, so that is one.</summary>
internal static class AddressKey
{
    public static UInt128 Of(IPAddress? address)
    {
        if (address is null)
        {
            return 0;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new UInt128(BinaryPrimitives.ReadUInt64BigEndian(bytes), 1)
            : new UInt128(0, ((ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes) << 1) | 1);
    }
}
