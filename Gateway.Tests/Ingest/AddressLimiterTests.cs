using System.Net;
using Gateway.Ingest;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gateway.Tests.Ingest;

public sealed class AddressLimiterTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly AddressLimiter limiter;

    public AddressLimiterTests() => limiter = new AddressLimiter(time);

    private int Spend(string address, int tries) =>
        Enumerable.Range(0, tries).Count(_ => limiter.TryCount(IPAddress.Parse(address), out var _));

    [Fact]
    public void TryCount_OverTheBound_IsRefusedUntilTheWindowSlides()
    {
        Assert.Equal(Limits.Ingest.WrongSecrets, Spend("192.0.2.1", 100));
        Assert.False(limiter.TryCount(IPAddress.Parse("192.0.2.1"), out var wait));
        Assert.Equal(Limits.Ingest.WrongSecretWindow, wait);
        // A quarter into the next window three quarters of the old count still weigh: no burst at the boundary.
        time.Advance(Limits.Ingest.WrongSecretWindow * 1.25);
        Assert.Equal(Limits.Ingest.WrongSecrets / 4, Spend("192.0.2.1", 100));
        time.Advance(Limits.Ingest.WrongSecretWindow * 2);
        Assert.Equal(Limits.Ingest.WrongSecrets, Spend("192.0.2.1", 100));
    }

    [Fact]
    public void IsExhausted_AsksWithoutCounting()
    {
        IPAddress address = IPAddress.Parse("192.0.2.1");
        for (int tries = 0; tries < Limits.Ingest.WrongSecrets; tries++)
        {
            Assert.False(limiter.IsExhausted(address, out _));
            Assert.False(limiter.IsExhausted(address, out _));
            Assert.True(limiter.TryCount(address, out _));
        }

        Assert.True(limiter.IsExhausted(address, out TimeSpan wait));
        Assert.Equal(Limits.Ingest.WrongSecretWindow, wait);
        Assert.False(limiter.IsExhausted(IPAddress.Parse("192.0.2.2"), out _));
        time.Advance(Limits.Ingest.WrongSecretWindow * 2);
        Assert.False(limiter.IsExhausted(address, out _));
    }

    [Fact]
    public void TryCount_OtherAddresses_CountApartAndIpv6ByNetwork()
    {
        Spend("192.0.2.1", 100);
        Assert.Equal(1, Spend("192.0.2.2", 1));
        Assert.Equal(0, Spend("::ffff:192.0.2.1", 1));
        Assert.Equal(Limits.Ingest.WrongSecrets, Spend("2001:db8::1", 100));
        Assert.Equal(0, Spend("2001:db8::ffff:2", 1));
        Assert.Equal(1, Spend("2001:db8:0:1::1", 1));
        Assert.True(limiter.TryCount(null, out _));
    }

    [Fact]
    public void TryCount_MoreAddressesThanKept_ShareOneCount()
    {
        for (var at = 0; at < Limits.Ingest.WrongSecretAddresses; at++)
        {
            Assert.True(limiter.TryCount(new IPAddress(BitConverter.GetBytes(at)), out _));
        }

        Assert.False(limiter.IsExhausted(IPAddress.Parse("198.51.100.200"), out _));
        Assert.Equal(Limits.Ingest.WrongSecrets, Enumerable.Range(0, 100).Count(at => Spend($"198.51.100.{at}", 1) == 1));
        // Their share is spent for one that never failed yet as well; an address with a count of its own is none of them.
        Assert.True(limiter.IsExhausted(IPAddress.Parse("198.51.100.200"), out _));
        Assert.False(limiter.IsExhausted(new IPAddress(BitConverter.GetBytes(1)), out _));
        time.Advance(Limits.Ingest.WrongSecretWindow * 2);
        Assert.Equal(Limits.Ingest.WrongSecrets, Spend("198.51.100.7", 100));
    }
}
