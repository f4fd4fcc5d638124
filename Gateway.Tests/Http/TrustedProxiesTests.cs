using System.Globalization;
using System.Net;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http;

public sealed class TrustedProxiesTests
{
    private const string Proxy = "10.0.0.1";
    private static readonly TrustedProxies Usual = Of("10.0.0.0/8", "192.0.2.7", "fd00::/8");

    private static TrustedProxies Of(params string[] networks) => new(
        [.. networks.Select(text => ProxyNetwork.TryParse(text, out var problem) ?? throw new InvalidOperationException(problem))]);

    private static DefaultHttpContext Request(string? peer, params string[] lines)
    {
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = peer is null ? null : IPAddress.Parse(peer);
        if (lines.Length > 0) context.Request.Headers["X-Forwarded-For"] = lines;
        return context;
    }

    private static string? ClientOf(string? peer, params string[] lines) => Usual.ClientOf(Request(peer, lines))?.ToString();

    [Theory]
    [InlineData("203.0.113.9")]
    [InlineData("192.0.2.8")]
    [InlineData("11.0.0.1")]
    [InlineData("::ffff:203.0.113.9")]
    [InlineData("2001:db8::1")]
    [InlineData("::10.0.0.1")]
    [InlineData(null)]
    public void Client_OfAPeerThatIsNotTrusted_IsThePeerWhateverTheHeaderSays(string? peer) => Assert.Equal(peer, ClientOf(peer, "198.51.100.1"));

    [Fact]
    public void Client_WithoutTheOption_IsThePeer() =>
        Assert.Equal(Proxy, TrustedProxies.None.ClientOf(Request(Proxy, "198.51.100.1"))!.ToString());

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("192.0.2.7")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fd12:3456::1%3")]
    public void Client_OfATrustedPeer_IsWhomItForwards(string peer)
    {
        Assert.Equal("198.51.100.1", ClientOf(peer, "198.51.100.1"));
        Assert.Equal(peer, ClientOf(peer));
        Assert.Equal(peer, ClientOf(peer, ""));
    }

    /// <summary>The client made the left entries up; each proxy added whom it was asked by.</summary>
    [Theory]
    [InlineData("198.51.100.1")]
    [InlineData("198.51.100.1, 10.0.0.2")]
    [InlineData("198.51.100.1,192.0.2.7,\t10.0.0.2")]
    [InlineData("203.0.113.66, 198.51.100.1, 10.0.0.2")]
    [InlineData("10.0.0.9, 198.51.100.1, fd00::2")]
    [InlineData("garbage, 198.51.100.1, 10.0.0.2")]
    [InlineData(" , 198.51.100.1 ,, 10.0.0.2,")]
    public void Client_BehindTrustedProxies_IsTheRightmostThatIsNone(string header) => Assert.Equal("198.51.100.1", ClientOf(Proxy, header));

    [Fact]
    public void Client_OfAHeaderOfSeveralLines_IsFoundAsInOneList()
    {
        Assert.Equal("198.51.100.1", ClientOf(Proxy, "203.0.113.66", "198.51.100.1, 10.0.0.3", "10.0.0.2"));
        Assert.Equal("198.51.100.1", ClientOf(Proxy, "203.0.113.66, 198.51.100.1", "", "10.0.0.2"));
        Assert.Equal("198.51.100.1", ClientOf(Proxy, "198.51.100.1", "10.0.0.2"));
    }

    /// <summary>A proxy's own requests, as a health check.</summary>
    [Fact]
    public void Client_WhereAllAreProxies_IsTheLeftmost() => Assert.Equal("10.0.0.3", ClientOf(Proxy, "10.0.0.3, 10.0.0.2"));

    [Theory]
    [InlineData("unknown")]
    [InlineData("_hidden")]
    [InlineData("localhost")]
    [InlineData("1")]
    [InlineData("0x7f.1")]
    [InlineData("127.1")]
    [InlineData("198.51.100.01")]
    [InlineData("198.51.100.256")]
    [InlineData("198.51.100.1:")]
    [InlineData("198.51.100.1:port")]
    [InlineData("198.51.100.1:65536")]
    [InlineData("198.51.100.1:-1")]
    [InlineData("198.51.100.1 10.0.0.2")]
    [InlineData("[198.51.100.1]")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]80")]
    [InlineData("[]")]
    [InlineData("2001:db8::1%eth0")]
    [InlineData("2001:db8:::1")]
    [InlineData("::ffff:0198.51.100.1")]
    [InlineData("\"198.51.100.1\"")]
    [InlineData("for=198.51.100.1")]
    [InlineData("１９８.51.100.1")]
    public void Client_BeyondAMalformedEntry_IsTheLastGoodOne(string garbage)
    {
        Assert.Equal(Proxy, ClientOf(Proxy, $"198.51.100.1, {garbage}"));
        Assert.Equal("10.0.0.2", ClientOf(Proxy, $"198.51.100.1, {garbage}, 10.0.0.2"));
        Assert.Equal("10.0.0.2", ClientOf(Proxy, "198.51.100.1", garbage, "10.0.0.2"));
    }

    [Theory]
    [InlineData("198.51.100.1:55", "198.51.100.1")]
    [InlineData("::ffff:198.51.100.1", "198.51.100.1")]
    [InlineData("[::ffff:198.51.100.1]:55", "198.51.100.1")]
    [InlineData("2001:DB8::1", "2001:db8::1")]
    [InlineData("[2001:db8::1]", "2001:db8::1")]
    [InlineData("[2001:db8::1]:443", "2001:db8::1")]
    [InlineData("2001:db8::1:443", "2001:db8::1:443")]
    [InlineData("2001:db8:0:0:0:0:0:1", "2001:db8::1")]
    [InlineData("2001:db8::1, [fd00::2]:8080, ::ffff:10.0.0.2, 10.0.0.3:9", "2001:db8::1")]
    public void Client_WrittenInAnyUsualForm_IsRead(string header, string client) => Assert.Equal(client, ClientOf(Proxy, header));

    /// <summary>Bound: Limits.Http.ForwardedAddresses.</summary>
    [Fact]
    public void Client_BehindMoreProxiesThanAreLookedAt_IsTheLastOfThem()
    {
        IEnumerable<string> proxies = Enumerable.Range(1, Limits.Http.ForwardedAddresses).Select(at => string.Create(CultureInfo.InvariantCulture, $"10.0.1.{at}"));
        Assert.Equal("10.0.1.1", ClientOf(Proxy, $"198.51.100.1, {string.Join(", ", proxies)}"));
        Assert.Equal("10.0.1.1", ClientOf(Proxy, ["198.51.100.1", .. proxies]));
        Assert.Equal("198.51.100.1", ClientOf(Proxy, $"198.51.100.1, {string.Join(", ", proxies.Skip(1))}"));
        // Empty ones are looked at, too.
        Assert.Equal(Proxy, ClientOf(Proxy, "198.51.100.1" + new string(',', Limits.Http.ForwardedAddresses)));
    }

    [Fact]
    public void Network_OfOneKind_HasNobodyOfTheOther()
    {
        Assert.Equal("10.0.0.1", Of("::/0").ClientOf(Request("10.0.0.1", "198.51.100.1"))!.ToString());
        Assert.Equal("198.51.100.1", Of("::/0").ClientOf(Request("2001:db8::1", "198.51.100.1"))!.ToString());
        Assert.Equal("::1", Of("0.0.0.0/0").ClientOf(Request("::1", "198.51.100.1"))!.ToString());
        Assert.Equal("2001:db8::1", Of("0.0.0.0/0").ClientOf(Request("::ffff:10.0.0.1", "2001:db8::1"))!.ToString());
    }

    /// <summary>Of most requests: from others than the proxies, and from a proxy without the header.</summary>
    [Theory]
    [InlineData("203.0.113.9", "198.51.100.1")]
    [InlineData("::ffff:203.0.113.9", "198.51.100.1")]
    [InlineData("::ffff:10.0.0.1", null)]
    public void Client_WithNothingToRead_CostsNoAllocation(string peer, string? header)
    {
        DefaultHttpContext context = header is null ? Request(peer) : Request(peer, header);
        Assert.Equal(0, Allocated.LeastBytes(() =>
        {
            for (int call = 0; call < 1_000; call++) Usual.ClientOf(context);
        }));
    }
}
