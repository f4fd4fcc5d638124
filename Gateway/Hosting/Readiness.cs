namespace Gateway.Hosting;

/// <summary>
/// Whether this process can take updates. Only what makes commits impossible, and draining, count; everything else (permissions that cannot
/// be read, Telegram away) is a warning: taking the process out of the balancer would not help it.
/// </summary>
internal sealed class Readiness
{
    private readonly List<Func<string?>> requirements = [];
    private readonly List<Func<string?>> concerns = [];
    private volatile bool isDraining;

    public bool IsDraining => isDraining;

    /// <summary>The function answers why not, or null. Called on requests; it must only look.</summary>
    public void Require(Func<string?> requirement) => requirements.Add(requirement);

    public void Warn(Func<string?> concern) => concerns.Add(concern);

    public void StartDraining() => isDraining = true;

    public IReadOnlyList<string> Reasons()
    {
        var reasons = Ask(requirements);
        if (isDraining) reasons.Insert(0, "draining: this process is shutting down");
        return reasons;
    }

    public IReadOnlyList<string> Warnings() => Ask(concerns);

    private static List<string> Ask(List<Func<string?>> questions)
    {
        var answers = new List<string>();
        foreach (var question in questions)
        {
            if (question() is { } answer) answers.Add(answer);
        }

        return answers;
    }
}
