namespace Gateway.Messages;

/// <summary>
/// The bytes between one writer and one reader. The writer waits while what it brings does not fit; what is larger than the whole room
/// passes when nothing else is in it, or it would never pass.
/// </summary>
internal sealed class ByteRoom(long limitBytes)
{
    private readonly SemaphoreSlim left = new(0, 1);
    private long taken;

    public async ValueTask EnterAsync(long bytes, CancellationToken cancellation)
    {
        while (Volatile.Read(ref taken) is var held && held > 0 && held + bytes > limitBytes)
        {
            await left.WaitAsync(cancellation);
        }

        Interlocked.Add(ref taken, bytes);
    }

    public void Leave(long bytes)
    {
        Interlocked.Add(ref taken, -bytes);
        // A word that nobody waited for costs the writer one more look. Only the reader gives it, so it cannot be given twice.
        if (left.CurrentCount == 0)
        {
            left.Release();
        }
    }
}
