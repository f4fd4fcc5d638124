using System.Net;
using Gateway.Access;
using Gateway.Messages;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

public sealed class LoginLimiterTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LoginLimiter limiter;

    public LoginLimiterTests() => limiter = new LoginLimiter(time);

    private int SpendAddress(IPAddress address) => Enumerable.Range(0, 100).Count(_ => limiter.TryCountAddress(address, out var _, out var _));

    private int SpendAccount(string name) => Enumerable.Range(0, 100).Count(_ => limiter.TryCountAccount(name, out var _, out var _));

    [Fact]
    public void Address_OverItsShare_WaitsForTheWindowToSlide()
    {
        Assert.Equal(Limits.Access.LoginsPerAddress, SpendAddress(Address));
        Assert.False(limiter.TryCountAddress(Address, out var wait, out _));
        Assert.InRange(wait, TimeSpan.FromMilliseconds(1), Limits.Access.LoginAddressWindow);
        Assert.True(limiter.TryCountAddress(IPAddress.Parse("192.0.2.2"), out var _, out var _));
        time.Advance(Limits.Access.LoginAddressWindow * 1.5);
        Assert.Equal(Limits.Access.LoginsPerAddress / 2, SpendAddress(Address));
    }

    [Fact]
    public void Account_OverItsShare_WaitsForTheWindowToSlide()
    {
        Assert.Equal(Limits.Access.LoginsPerAccount, SpendAccount("anna"));
        Assert.False(limiter.TryCountAccount("anna", out var wait, out _));
        Assert.InRange(wait, TimeSpan.FromMilliseconds(1), Limits.Access.LoginAccountWindow);
        Assert.True(limiter.TryCountAccount("Anna", out var _, out var _));
        time.Advance(Limits.Access.LoginAccountWindow * 2);
        Assert.Equal(Limits.Access.LoginsPerAccount, SpendAccount("anna"));
    }

    [Fact]
    public void Forgive_TheRightOnes_LeavesTheShare()
    {
        for (var i = 0; i < Limits.Access.LoginsPerAddress * 10; i++)
        {
            Assert.True(limiter.TryCountAddress(Address, out _, out var addressWindow));
            Assert.True(limiter.TryCountAccount("anna", out _, out var accountWindow));
            limiter.ForgiveAddress(Address, addressWindow);
            limiter.ForgiveAccount("anna", accountWindow);
        }
    }

    [Fact]
    public void Accounts_MoreThanAreKept_ShareOneCount()
    {
        for (var at = 0; at < Limits.Access.LoginCounts; at++) Assert.True(limiter.TryCountAccount($"user {at}", out var _, out var _));
        Assert.Equal(Limits.Access.LoginsPerAccount, Enumerable.Range(0, 100).Count(at => limiter.TryCountAccount($"late {at}", out var _, out var _)));
        Assert.True(limiter.TryCountAccount("user 1", out var _, out var _));
    }
}
