using System.Net;
using Gateway.Access;
using Gateway.Http;

namespace Gateway.Deliver.WebSocket;

internal enum CensusStatus
{
    Entered,

    /// <summary>503.</summary>
    ProcessFull,

    /// <summary>429, or close code 4103 where the key came in a message.</summary>
    KeyFull,

    /// <summary>503.</summary>
    StrangersFull,

    /// <summary>429.</summary>
    AddressFull,
}

/// <summary>
/// Counts open sockets against their bounds. Sockets that have not authenticated (strangers) have bounds of their own and take no place
/// of the others: or whoever can reach the port could keep every key out.
/// </summary>
internal sealed class SocketCensus(SocketOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<PrincipalId, int> perPrincipal = [];
    private readonly Dictionary<UInt128, int> perAddress = [];
    private int members;
    private int strangers;

    /// <summary>All open sockets.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return members + strangers;
            }
        }
    }

    public CensusStatus EnterStranger(UInt128 address)
    {
        lock (gate)
        {
            if (strangers >= options.MaxUnauthenticated)
            {
                return CensusStatus.StrangersFull;
            }
            if (!TryAdd(perAddress, address, options.MaxUnauthenticatedPerAddress))
            {
                return CensusStatus.AddressFull;
            }
            strangers++;
            return CensusStatus.Entered;
        }
    }

    public void LeaveStranger(UInt128 address)
    {
        lock (gate)
        {
            strangers--;
            Subtract(perAddress, address);
        }
    }

    /// <param name="isNew">Not so for a socket that only changes its key: it has its place in the process.</param>
    public CensusStatus Enter(PrincipalId id, bool isNew)
    {
        lock (gate)
        {
            if (isNew && members >= options.MaxSockets)
            {
                return CensusStatus.ProcessFull;
            }
            if (!TryAdd(perPrincipal, id, options.MaxSocketsPerKey))
            {
                return CensusStatus.KeyFull;
            }
            members += isNew ? 1 : 0;
            return CensusStatus.Entered;
        }
    }

    public void Leave(PrincipalId id, bool isGone)
    {
        lock (gate)
        {
            members -= isGone ? 1 : 0;
            Subtract(perPrincipal, id);
        }
    }

    private static bool TryAdd<T>(Dictionary<T, int> counts, T key, int most)
        where T : notnull
    {
        var count = counts.GetValueOrDefault(key);
        if (count >= most)
        {
            return false;
        }
        counts[key] = count + 1;
        return true;
    }

    private static void Subtract<T>(Dictionary<T, int> counts, T key)
        where T : notnull
    {
        var left = counts.GetValueOrDefault(key) - 1;
        if (left > 0)
        {
            counts[key] = left;
        }
        else
        {
            counts.Remove(key);
        }
    }
}

/// <summary>One socket's place in the census: a stranger's until it has authenticated, then its principal's. One caller at a time.</summary>
internal sealed class SocketPlace(SocketCensus census, IPAddress? from = null)
{
    private UInt128 address;
    private bool isStranger;

    /// <summary>Default before anyone is known.</summary>
    public PrincipalId Id { get; private set; }

    public IPAddress? From => from;

    public CensusStatus EnterStranger()
    {
        address = AddressKey.Of(from);
        var status = census.EnterStranger(address);
        isStranger = status == CensusStatus.Entered;
        return status;
    }

    /// <summary>Moves here from wherever the socket was; what it had it keeps when there is no room.</summary>
    public CensusStatus Enter(PrincipalId id)
    {
        if (id == Id)
        {
            return CensusStatus.Entered;
        }
        var status = census.Enter(id, isNew: Id == default);
        if (status == CensusStatus.Entered)
        {
            Give(isGone: false);
            Id = id;
        }
        return status;
    }

    public void Leave()
    {
        Give(isGone: true);
        Id = default;
    }

    private void Give(bool isGone)
    {
        if (isStranger)
        {
            census.LeaveStranger(address);
            isStranger = false;
        }
        if (Id != default)
        {
            census.Leave(Id, isGone);
        }
    }
}
