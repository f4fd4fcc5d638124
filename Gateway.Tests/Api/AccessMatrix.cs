using Gateway.Http;

namespace Gateway.Tests.Api;

/// <param name="Method">
/// An HTTP method; WS-HEADER and WS-FRAME are a WebSocket with its credential in the handshake or in an <c>auth</c> frame, WS2-… one by extended
/// CONNECT over HTTP/2.
/// </param>
/// <param name="Target">The path and query; <c>{chat}</c>, <c>{bot}</c>, <c>{message}</c> stand for ours, <c>{new:bot}</c> for one made for this one call.</param>
/// <param name="Expected">By column.</param>
internal sealed record MatrixLine(string Method, string Target, string Needs, IReadOnlyDictionary<string, string> Expected, string? Body)
{
    public bool IsSocket => Method.StartsWith("WS", StringComparison.Ordinal);

    public bool IsHttp2 => Method.StartsWith("WS2-", StringComparison.Ordinal);

    public bool IsInHeader => Method.EndsWith("-HEADER", StringComparison.Ordinal);

    /// <summary>The route that this line is about.</summary>
    public bool IsOf(HttpRoute route) =>
        (IsSocket ? route.AdmitsItself : route.Method == Method) && Shape(Target.Split('?')[0]) == Shape(route.Template);

    private static string Shape(string path) =>
        string.Join('/', path.Split('/').Select(segment => segment.StartsWith('{') ? "{}" : segment));

    public override string ToString() => Body is null ? $"{Method} {Target}" : $"{Method} {Target} {Body}";
}

/// <summary>Data/access-matrix.txt, the one table of who is answered what.</summary>
internal static class AccessMatrix
{
    public static readonly string[] Columns =
    [
        "none", "made-up", "expired-key", "expired-token", "revoked-key", "revoked-session", "scope", "elsewhere", "viewer", "operator", "admin",
    ];

    public static IReadOnlyList<MatrixLine> Lines { get; } = Read();

    private static MatrixLine[] Read() =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "access-matrix.txt")).Where(line => line.Length > 0 && line[0] != '#').Select(Parse)];

    private static MatrixLine Parse(string line)
    {
        var cells = line.Split(' ', 4 + Columns.Length, StringSplitOptions.RemoveEmptyEntries);
        Assert.True(cells.Length >= 3 + Columns.Length, $"the line has too few cells: {line}");
        var expected = Columns.Select((column, index) => (column, cells[2 + index])).ToDictionary(cell => cell.column, cell => cell.Item2, StringComparer.Ordinal);
        return new MatrixLine(cells[0], cells[2 + Columns.Length], cells[1], expected, cells.Length > 3 + Columns.Length ? cells[^1] : null);
    }
}
