namespace Gateway.Deliver.WebSocket;

/// <summary>Counts open sockets against their two bounds: of the process and of one key.</summary>
internal sealed class SocketCensus(int maxSockets, int maxSocketsPerKey)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, int> perKey = [];
    private int sockets;

    public int Count => Volatile.Read(ref sockets);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref sockets) <= maxSockets)
        {
            return true;
        }
        Interlocked.Decrement(ref sockets);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref sockets);

    public bool TryEnterKey(long keyId)
    {
        lock (gate)
        {
            var count = perKey.GetValueOrDefault(keyId);
            if (count >= maxSocketsPerKey)
            {
                return false;
            }
            perKey[keyId] = count + 1;
            return true;
        }
    }

    public void LeaveKey(long keyId)
    {
        lock (gate)
        {
            var left = perKey.GetValueOrDefault(keyId) - 1;
            if (left > 0)
            {
                perKey[keyId] = left;
            }
            else
            {
                perKey.Remove(keyId);
            }
        }
    }
}
