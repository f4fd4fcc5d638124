using Gateway.Access;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

public sealed class SocketCensusTests
{
    private readonly SocketCensus census = new(new SocketOptions { MaxSockets = 1, MaxSocketsPerKey = 1 });

    [Fact]
    public void Place_ThatChangesItsKey_KeepsItsPlaceInTheProcessUntilItLeaves()
    {
        var (one, other) = (new SocketPlace(census), new SocketPlace(census));
        Assert.Equal(CensusStatus.Entered, one.Enter(PrincipalId.Key(1)));
        Assert.Equal(CensusStatus.Entered, one.Enter(PrincipalId.Key(2)));
        Assert.Equal(CensusStatus.ProcessFull, other.Enter(PrincipalId.Key(1)));
        Assert.Equal(1, census.Count);

        one.Leave();
        one.Leave();
        Assert.Equal(0, census.Count);
        Assert.Equal(CensusStatus.Entered, other.Enter(PrincipalId.Key(2)));
    }

    [Fact]
    public void Stranger_ThatAuthenticates_GivesItsPlaceToTheNext()
    {
        var strict = new SocketCensus(new SocketOptions { MaxUnauthenticated = 1, MaxUnauthenticatedPerAddress = 1 });
        var (one, other) = (new SocketPlace(strict, System.Net.IPAddress.Loopback), new SocketPlace(strict, System.Net.IPAddress.IPv6Loopback));
        Assert.Equal(CensusStatus.Entered, one.EnterStranger());
        Assert.Equal(CensusStatus.StrangersFull, other.EnterStranger());
        Assert.Equal(CensusStatus.Entered, one.Enter(PrincipalId.Key(1)));
        Assert.Equal(CensusStatus.Entered, other.EnterStranger());
        Assert.Equal(2, strict.Count);
    }
}
