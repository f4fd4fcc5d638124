using Gateway.Access;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

public sealed class RateBudgetTests
{
    private readonly FakeTimeProvider time = new();

    private RateBudget Budget(int perSecond = 100, int burst = 200) => new(time, new RateLimit(perSecond, burst));

    [Fact]
    public void Burst_TakenWhole_RefusesTheNextAndSaysWhenItPasses()
    {
        var budget = Budget();
        for (var call = 1; call <= 200; call++)
        {
            var taken = budget.TryTake();
            Assert.True(taken.IsAllowed);
            Assert.Equal(200 - call, taken.Remaining);
            Assert.Equal(200, taken.Limit);
        }

        var refused = budget.TryTake();
        Assert.False(refused.IsAllowed);
        Assert.Equal(0, refused.Remaining);
        Assert.Equal(TimeSpan.FromMilliseconds(10), refused.RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(2), refused.UntilFull);

        time.Advance(refused.RetryAfter - TimeSpan.FromTicks(1));
        Assert.False(budget.TryTake().IsAllowed);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(budget.TryTake().IsAllowed);
        Assert.False(budget.TryTake().IsAllowed);
    }

    [Fact]
    public void Rate_OverALongTime_IsWhatItSays()
    {
        var budget = Budget(7, 3);
        var passed = 0;
        for (var step = 0; step < 100_000; step++)
        {
            if (budget.TryTake().IsAllowed) passed++;
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(passed, 700, 703);
    }

    [Fact]
    public void Rest_HoweverLong_SavesNoMoreThanTheBurst()
    {
        var budget = Budget(10, 5);
        time.Advance(TimeSpan.FromDays(40));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake().IsAllowed));
        time.Advance(TimeSpan.FromDays(40));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => budget.TryTake().IsAllowed));
    }

    [Fact]
    public void Limit_Changed_HoldsFromTheNextCall()
    {
        var budget = Budget(1, 2);
        while (budget.TryTake().IsAllowed) { }
        budget.SetLimit(new RateLimit(1, 2));
        Assert.False(budget.TryTake().IsAllowed);
        budget.SetLimit(new RateLimit(1000, 5000));
        Assert.Equal(5000, Enumerable.Range(0, 6000).Count(_ => budget.TryTake().IsAllowed));
        budget.SetLimit(new RateLimit(1, 1));
        Assert.True(budget.TryTake().IsAllowed);
        Assert.False(budget.TryTake().IsAllowed);
    }

    /// <summary>Taken from all sides at once, not one call more than the burst passes, and none is lost.</summary>
    [Fact]
    public async Task Burst_TakenByManyThreads_IsNeitherExceededNorLost()
    {
        var budget = Budget(1, 50_000);
        var passed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 20_000).Count(_ => budget.TryTake().IsAllowed))));
        Assert.Equal(50_000, passed.Sum());
    }

    [Fact]
    public void Decision_Taken_AllocatesNothing()
    {
        var budget = new RateBudget(TimeProvider.System, new RateLimit(Limits.Access.RequestsPerSecondMost, 100));
        var allowed = 0;
        Assert.Equal(0, Allocated.LeastBytes(() =>
        {
            for (var call = 0; call < 10_000; call++) allowed += budget.TryTake().IsAllowed ? 1 : 0;
        }));
        Assert.True(allowed > 0);
    }

    [Fact]
    public void Limit_OfAKey_FillsWhatItsColumnsLeaveOpen()
    {
        var standard = new RateLimit(100, 200);
        Assert.Equal(standard, standard.With(null, null));
        Assert.Equal(new RateLimit(5, 200), standard.With(5, null));
        Assert.Equal(new RateLimit(100, 7), standard.With(null, 7));
        Assert.Equal(new RateLimit(5000, 5000), standard.With(5000, null));
        Assert.Equal(new RateLimit(Limits.Access.RequestsPerSecondMost, Limits.Access.RequestBurstMost),
            standard.With(Limits.Access.RequestsPerSecondMost, Limits.Access.RequestBurstMost));
    }

    [Fact]
    public void Limit_OfAKey_HasBounds()
    {
        Assert.True(ApiKeySettings.IsRate(1) && ApiKeySettings.IsRate(Limits.Access.RequestsPerSecondMost));
        Assert.False(ApiKeySettings.IsRate(0) || ApiKeySettings.IsRate(Limits.Access.RequestsPerSecondMost + 1));
        Assert.True(ApiKeySettings.IsBurst(1) && ApiKeySettings.IsBurst(Limits.Access.RequestBurstMost));
        Assert.False(ApiKeySettings.IsBurst(0) || ApiKeySettings.IsBurst(Limits.Access.RequestBurstMost + 1));
    }

    [Fact]
    public void Budgets_OfOnePrincipal_AreOne()
    {
        var budgets = new RateBudgets(time, RateLimit.Default);
        var key = budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 1));
        Assert.Same(key, budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 1)));
        Assert.NotSame(key, budgets.Of(new PrincipalId(PrincipalKind.User, 1)));
        Assert.NotSame(key, budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 2)));
        Assert.Equal(RateLimit.Default, key.Limit);

        Assert.Same(key, budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 1), 3, 4));
        Assert.Equal(new RateLimit(3, 4), key.Limit);
        budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 1));
        Assert.Equal(RateLimit.Default, key.Limit);
    }

    [Fact]
    public void Budgets_ManyThatNobodyHolds_AreForgotten()
    {
        var budgets = new RateBudgets(time, RateLimit.Default);
        var held = budgets.Of(new PrincipalId(PrincipalKind.User, 1));
        while (held.TryTake().IsAllowed) { }
        for (var round = 0; round < 4; round++)
        {
            Fill(budgets, round);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(budgets.Count, 1, 2 * Limits.Access.RateBudgets);
        Assert.False(budgets.Of(new PrincipalId(PrincipalKind.User, 1)).TryTake().IsAllowed);
        GC.KeepAlive(held);
    }

    /// <summary>Apart, so that no register or slot of the test holds the last one.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Fill(RateBudgets budgets, int round)
    {
        for (var id = 0; id < Limits.Access.RateBudgets; id++) budgets.Of(new PrincipalId(PrincipalKind.ApiKey, 1 + id + (round * Limits.Access.RateBudgets)));
    }
}
