using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Http;

/// <summary>Addresses as they are usually written, and nothing else: the runtime's parser also takes <c>10</c>, <c>0x7f.1</c> and the names of interfaces.</summary>
internal static class AddressText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF.:");

    /// <summary><c>192.0.2.1</c>, <c>192.0.2.1:55</c>, <c>::1</c>, <c>[::1]</c> or <c>[::1]:55</c>; null for anything else.</summary>
    public static IPAddress? WithPort(ReadOnlySpan<char> text)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']');
            if (end < 0 || !IsPortOrNothing(text[(end + 1)..])) return null;
            var inside = text[1..end];
            return inside.Contains(':') ? Plain(inside) : null;
        }

        // One colon is a port's: an IPv6 address has two and more, and its port needs the brackets.
        var colon = text.IndexOf(':');
        if (colon < 0 || text[(colon + 1)..].Contains(':')) return Plain(text);
        return IsPortOrNothing(text[colon..]) ? Plain(text[..colon]) : null;
    }

    /// <summary>Without a port. A mapped IPv4 address is that IPv4 address.</summary>
    public static IPAddress? Plain(ReadOnlySpan<char> text)
    {
        if (text.ContainsAnyExcept(Digits) || !IPAddress.TryParse(text, out var address)) return null;
        if (address.AddressFamily == AddressFamily.InterNetworkV6) return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        // "010.0.0.1" is 8.0.0.1 to the parser and 10.0.0.1 to its reader.
        Span<char> usual = stackalloc char[15];
        return address.TryFormat(usual, out var length) && text.SequenceEqual(usual[..length]) ? address : null;
    }

    private static bool IsPortOrNothing(ReadOnlySpan<char> text) =>
        text.IsEmpty || (text[0] == ':' && ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
