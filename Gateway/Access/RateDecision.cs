namespace Gateway.Access;

/// <summary>The answer of a <see cref="RateBudget"/>, with what a client is told of it.</summary>
/// <param name="Limit">Calls in a full budget: what <paramref name="Remaining"/> counts down from.</param>
/// <param name="UntilFull">Until the budget is full again, if nothing more is taken.</param>
/// <param name="RetryAfter">Until the next call passes; zero for one that passed.</param>
internal readonly record struct RateDecision(bool IsAllowed, int Limit, int Remaining, TimeSpan UntilFull, TimeSpan RetryAfter);
