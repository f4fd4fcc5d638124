using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// One budget for each principal of this process, whatever the number of its tokens, connections and <see cref="Principal"/> objects. Held weakly:
/// a principal holds its own, and what nobody holds was last used so long ago that it is as good as a new one.
/// </summary>
internal sealed class RateBudgets(TimeProvider time, RateLimit standard)
{
    private readonly Lock gate = new();
    private readonly Dictionary<PrincipalId, WeakReference<RateBudget>> budgets = [];
    private int lookThroughAt = Limits.Access.RateBudgets;

    /// <summary>What holds for whoever has no limit of its own.</summary>
    public RateLimit Standard { get; } = standard;

    public int Count
    {
        get
        {
            lock (gate) return budgets.Count;
        }
    }

    /// <summary>The principal's budget, under the limit that holds for it now: who asks has just read it.</summary>
    public RateBudget Of(PrincipalId id, int? perSecond = null, int? burst = null)
    {
        var limit = Standard.With(perSecond, burst);
        lock (gate)
        {
            if (budgets.TryGetValue(id, out var held) && held.TryGetTarget(out var budget))
            {
                budget.SetLimit(limit);
                return budget;
            }

            if (budgets.Count >= lookThroughAt)
            {
                ForgetUnheld();
            }

            budget = new RateBudget(time, limit);
            budgets[id] = new WeakReference<RateBudget>(budget);
            return budget;
        }
    }

    private void ForgetUnheld()
    {
        foreach (var (id, held) in budgets)
        {
            if (!held.TryGetTarget(out _))
            {
                // Removing while enumerating is allowed for Dictionary.
                budgets.Remove(id);
            }
        }

        lookThroughAt = Math.Max(Limits.Access.RateBudgets, budgets.Count * 2);
    }
}
