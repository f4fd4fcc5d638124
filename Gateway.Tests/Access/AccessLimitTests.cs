using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Tests.Access;

/// <summary>What happens at access's bounds (Limits.Access).</summary>
public sealed class AccessLimitTests
{
    [Fact]
    public async Task Key_LongerThanAnyIs_IsRejectedUnread()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var (key, _) = await fixture.SignInAsync();
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(key.Text.PadRight(Limits.Access.KeyTextChars, 'x'))).Status);
        Assert.Equal(AuthenticationStatus.Rejected, (await fixture.AuthenticateAsync(key.Text.PadRight(Limits.Access.KeyTextChars + 1, 'x'))).Status);
    }

    [Fact]
    public async Task Verifications_MoreThanMayWait_AreUnavailableAndNotRejected()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        var held = new TaskCompletionSource();
        fixture.Database.BeforeOpen = _ => held.Task;
        var waiting = Enumerable.Range(1, Limits.Access.WaitingVerifications).Select(id => fixture.AuthenticateAsync(ApiKeyText.Create(id, fixture.Keys))).ToList();
        Assert.All(waiting, each => Assert.False(each.IsCompleted));

        var oneMore = fixture.AuthenticateAsync(ApiKeyText.Create(Limits.Access.WaitingVerifications + 1, fixture.Keys));
        Assert.Equal(AuthenticationStatus.Unavailable, (await oneMore.WaitAsync(TimeSpan.FromSeconds(20))).Status);

        held.SetResult();
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(AuthenticationStatus.Rejected, outcome.Status));
    }

    [Fact]
    public void VerifiedKeys_OverTheirBound_ForgetOneForEachNewOne()
    {
        var keys = new VerifiedKeys();
        var principal = new Principal(PrincipalId.Key(1), "test");
        const int offered = Limits.Access.VerifiedKeys + 50;
        for (var id = 1; id <= offered; id++)
        {
            keys.Accept((UInt128)id, principal);
            keys.Refuse((UInt128)id, version: 7);
        }

        var all = Enumerable.Range(1, offered).Select(id => (UInt128)id).ToList();
        Assert.Equal(Limits.Access.VerifiedKeys, all.Count(fingerprint => keys.TryGetAccepted(fingerprint, out _)));
        Assert.Equal(Limits.Access.VerifiedKeys, all.Count(fingerprint => keys.IsRefused(fingerprint, 7)));
        Assert.True(keys.TryGetAccepted(offered, out _));
    }

    [Fact]
    public async Task Principals_MoreThanOneStatementReloads_AreAllReloaded()
    {
        await using var fixture = await AccessFixture.CreateAsync();
        const int count = Limits.Access.ReloadKeys + 1;
        var ids = Enumerable.Range(1, count).ToList();
        await fixture.ExecuteAsync("INSERT INTO api_keys (name, hash, is_admin, created_at_ms) VALUES " + string.Join(',', ids.Select(_ => "('test', '', 0, 0)")));
        await fixture.PollAsync();
        var principals = new List<Principal>();
        foreach (var id in ids) principals.Add((await fixture.Principals.TrackAsync(Identity.OfKey(id), long.MaxValue, CancellationToken.None))!);

        await fixture.ExecuteAsync("UPDATE api_keys SET revoked_at_ms = 1");
        await fixture.PollAsync();
        Assert.All(principals, principal => Assert.True(principal.IsRevoked));
    }
}
