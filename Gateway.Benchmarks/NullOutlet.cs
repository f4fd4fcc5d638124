using Gateway.Deliver;

namespace Gateway.Benchmarks;

/// <summary>Takes everything and tells, once per awaited number of sends, that all of them came.</summary>
internal sealed class NullOutlet(SendCount count) : IOutlet
{
    public SendStatus Send(ReadOnlySpan<byte> frames)
    {
        count.Add();
        return SendStatus.Sent;
    }

    public void Close(CloseCode code)
    {
    }

    public void Abort()
    {
    }
}

/// <summary>Counts sends of all shards.</summary>
internal sealed class SendCount
{
    private readonly SemaphoreSlim reached = new(0);
    private int missing;

    public void Expect(int sends) => Volatile.Write(ref missing, sends);

    public Task ReachedAsync() => reached.WaitAsync();

    public void Add()
    {
        if (Interlocked.Decrement(ref missing) == 0)
        {
            reached.Release();
        }
    }
}
