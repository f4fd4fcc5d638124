namespace Gateway.Tests.Support;

internal static class Allocated
{
    private const int Rounds = 5;

    /// <summary>
    /// What a run allocates, the least of several. Code that allocates does so in each; what the runtime allocates once on the thread while it
    /// compiles a loop anew behind the first thousands of turns (2,920 bytes) is in one of them.
    /// </summary>
    public static long LeastBytes(Action run)
    {
        run();
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
