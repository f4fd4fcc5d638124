namespace Gateway.Tests.Api;

/// <summary>The world of the matrix behind a listener with TLS, where HTTP/2 is spoken.</summary>
public sealed class TlsAccessWorld : IAsyncLifetime
{
    internal AccessWorld World { get; } = new(isTls: true);

    public Task InitializeAsync() => World.InitializeAsync();

    public Task DisposeAsync() => World.DisposeAsync();
}

/// <summary>The lines of Data/access-matrix.txt that are of sockets by extended CONNECT: another door than an upgrade's, with the same rules.</summary>
public sealed class Http2AccessMatrixTests(TlsAccessWorld tls) : IClassFixture<TlsAccessWorld>
{
    public static TheoryData<string> Lines => [.. AccessMatrix.Lines.Where(line => line.IsHttp2).Select(line => line.ToString())];

    [Theory]
    [MemberData(nameof(Lines))]
    public Task EveryCaller_IsAnsweredAsTheTableSays(string name) => AccessMatrixTests.AssertAsync(tls.World, name);

    [Fact]
    public void EveryLineOfAnUpgrade_StandsThereForHttp2WithTheSameAnswers()
    {
        static string Said(MatrixLine line) => $"{line.Method.Split('-')[1]} {line.Target} {line.Needs} {string.Join(' ', AccessMatrix.Columns.Select(column => line.Expected[column]))}";
        var sockets = AccessMatrix.Lines.Where(line => line.IsSocket).ToArray();
        Assert.NotEmpty(sockets);
        Assert.Equal(sockets.Where(line => !line.IsHttp2).Select(Said), sockets.Where(line => line.IsHttp2).Select(Said));
    }
}
