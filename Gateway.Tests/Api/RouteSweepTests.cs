using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Tests.Api;

/// <summary>What must hold on every route of the table, whichever it is: tricks with its path, foreign pages, bodies over the bound.</summary>
public sealed class RouteSweepTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    private readonly MatrixCall call = new(world);

    private static IEnumerable<MatrixLine> Guarded => AccessMatrix.Lines.Where(line => !line.IsSocket && line.Needs is not (RouteNeeds.Public or RouteNeeds.Secret));

    [Fact]
    public async Task Path_OfTricks_OpensNoRoute()
    {
        List<string> wrong = [];
        var tried = 0;
        foreach (var line in Guarded)
        {
            var path = (await call.FillAsync(line.Target, Whose.Theirs)).Split('?')[0];
            foreach (var trick in TricksOf(path))
            {
                tried++;
                foreach (var credential in (string?[])[null, world.Credentials["viewer"]])
                {
                    var status = await StatusOfRawAsync(line.Method, trick, credential);
                    if (status is < 400 or >= 500) wrong.Add($"{line.Method} {trick} {(credential is null ? "without a credential" : "as the viewer")}: {status}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(30)));
        Assert.NotEqual(0, tried);
    }

    private static IEnumerable<string> TricksOf(string path)
    {
        var last = path.LastIndexOf('/');
        yield return "/" + path;
        yield return path.Insert(last, "/");
        yield return path + "/";
        yield return path.Insert(last, "/%2e");
        yield return path.Insert(last, "/x/%2e%2e");
        yield return path.Insert(last, "/x/..");
        yield return "/health/.." + path;
        yield return "/health/%2e%2e" + path;
        yield return path + "%00";
        yield return path + "%00.json";
        yield return path.Insert(last, "%2f..%2f");
        yield return path.Insert(last, "/%c0%ae%c0%ae");
        yield return path + "/" + new string('a', Limits.Http.RequestLineBytes);
        yield return path + string.Concat(Enumerable.Repeat("/a", 1000));
        yield return path + "?" + new string('a', Limits.Http.RequestLineBytes);
    }

    [Fact]
    public async Task Origin_Foreign_IsToldNothingOnAnyRoute()
    {
        foreach (var line in AccessMatrix.Lines.Where(line => !line.IsSocket))
        {
            foreach (var (method, credential) in ((string, string?)[])[(line.Method, null), (line.Method, world.Credentials["viewer"]), ("OPTIONS", null)])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), await call.FillAsync(line.Target, Whose.Theirs));
                request.Headers.Add("Origin", "https://elsewhere.example");
                if (credential is not null) request.Headers.Add("Authorization", $"Bearer {credential}");
                if (method == "OPTIONS") request.Headers.Add("Access-Control-Request-Method", line.Method);
                using var answer = await world.Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
            }
        }
    }

    [Fact]
    public async Task Body_OverTheBound_Is413OnEveryRouteThatReadsOne()
    {
        var readers = world.Gateway.Routes.Where(route => route.Document?.Body is not null).ToArray();
        Assert.NotEmpty(readers);
        var tooMuch = Encoding.ASCII.GetBytes($"{{\"name\":\"{new string('a', Limits.Http.JsonBodyBytes)}\"}}");
        foreach (var route in readers)
        {
            var line = AccessMatrix.Lines.First(each => each.IsOf(route));
            foreach (var isChunked in (bool[])[false, true])
            {
                using var request = new HttpRequestMessage(new HttpMethod(line.Method), await call.FillAsync(line.Target, Whose.Ours));
                request.Headers.Add("X-API-Key", world.AdminKey);
                request.Headers.TransferEncodingChunked = isChunked;
                request.Content = new ByteArrayContent(tooMuch);
                using var answer = await world.Gateway.Client.SendAsync(request);
                Assert.True(answer.StatusCode == HttpStatusCode.RequestEntityTooLarge, $"{line}: {answer.StatusCode}");
            }
        }
    }

    private async Task<int> StatusOfRawAsync(string method, string path, string? credential)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(world.Gateway.Address.Host, world.Gateway.Address.Port);
        await using var stream = socket.GetStream();
        var authorization = credential is null ? "" : $"Authorization: Bearer {credential}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{method} {path} HTTP/1.1\r\nHost: gateway\r\n{authorization}Content-Length: 0\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return line is null ? 0 : int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
