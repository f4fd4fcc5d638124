namespace Gateway.Tests.Support;

/// <summary>Looks until something holds that gives no signal: another process, a file of its, a counter of a load.</summary>
internal static class Poll
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    public static Task UntilAsync(Func<bool> holds, TimeSpan within, Func<string> what) => UntilAsync(() => Task.FromResult(holds()), within, what);

    /// <param name="what">What was waited for, or how it stands, for the one who reads the failure.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, TimeSpan within, Func<string> what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(start) > within)
            {
                throw new TimeoutException($"not within {within}: {what()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }
}
