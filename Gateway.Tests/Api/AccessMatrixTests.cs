using System.Text.RegularExpressions;
using Gateway.Access;
using Gateway.Http;

namespace Gateway.Tests.Api;

/// <summary>The whole of Data/access-matrix.txt, cell by cell, against the composed gateway and the real route table.</summary>
public sealed partial class AccessMatrixTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    public static TheoryData<string> AllLines => [.. AccessMatrix.Lines.Where(line => !line.IsHttp2).Select(line => line.ToString())];

    public static TheoryData<string> LinesThatNameSomething => [.. AccessMatrix.Lines.Where(NamesSomething).Select(line => line.ToString())];

    private static bool NamesSomething(MatrixLine line) => !line.IsSocket && Named().IsMatch(line.Target);

    [Theory]
    [MemberData(nameof(AllLines))]
    public async Task EveryCaller_IsAnsweredAsTheTableSays(string name)
    {
        await AssertAsync(world, name);
    }

    /// <param name="name">The line's.</param>
    internal static async Task AssertAsync(AccessWorld world, string name)
    {
        var line = AccessMatrix.Lines.First(each => each.ToString() == name);
        var call = new MatrixCall(world);
        List<string> wrong = [];
        foreach (var column in AccessMatrix.Columns)
        {
            var answer = await call.AnswerAsync(line, await call.CredentialAsync(column, line));
            if (answer != line.Expected[column]) wrong.Add($"{column}: {answer} instead of {line.Expected[column]}");
        }

        Assert.True(wrong.Count == 0, $"{name}\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void EveryRoute_HasALine_ThatNeedsWhatTheRouteNeeds()
    {
        List<string> wrong = [];
        foreach (var route in world.Gateway.Routes)
        {
            var lines = AccessMatrix.Lines.Where(line => line.IsOf(route)).ToArray();
            if (lines.Length == 0) wrong.Add($"{route.Method} {route.Template} (needs {route.Needs}) has no line in access-matrix.txt");
            wrong.AddRange(lines.Where(line => line.Needs != route.Needs).Select(line => $"{line} says {line.Needs}, the route table {route.Needs}"));
        }

        wrong.AddRange(AccessMatrix.Lines.Where(line => !world.Gateway.Routes.Any(line.IsOf)).Select(line => $"{line}: there is no such route"));
        wrong.AddRange(AccessMatrix.Lines.GroupBy(line => line.ToString()).Where(same => same.Count() > 1).Select(same => $"{same.Key} stands there twice"));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>The table says so as well, but a wrong table must not go unnoticed.</summary>
    [Fact]
    public void EveryRoute_ThatIsNotOpen_RefusesWhoeverCannotShowAGoodCredential()
    {
        string[] strangers = ["none", "made-up", "expired-key", "expired-token", "revoked-key", "revoked-session"];
        var guarded = AccessMatrix.Lines.Where(line => line.Needs is not (RouteNeeds.Public or RouteNeeds.Secret) && !line.IsSocket).ToArray();
        Assert.NotEmpty(guarded);
        Assert.All(guarded, line => Assert.All(strangers, column => Assert.Equal("401", line.Expected[column])));
        Assert.All(guarded.Where(line => line.Needs != RouteNeeds.Authenticated), line =>
        {
            Assert.Equal("403", line.Expected["scope"]);
            Assert.True(PermissionNames.TryParse(line.Needs, out _), line.Needs);
        });
    }

    /// <summary>Law L7: who may not see a chat cannot tell it from one that does not exist, by any byte of any answer.</summary>
    [Theory]
    [MemberData(nameof(LinesThatNameSomething))]
    public async Task Another_TenantsId_IsAnsweredByTheSameBytesAsOneThatDoesNotExist(string name)
    {
        var line = AccessMatrix.Lines.First(each => each.ToString() == name);
        var call = new MatrixCall(world);
        foreach (var column in (string[])["viewer", "operator"])
        {
            var theirs = await WholeAsync(call, line, column, Whose.Theirs);
            var missing = await WholeAsync(call, line, column, Whose.Nobodys);
            Assert.Equal($"{column}: {missing}", $"{column}: {theirs}");
            // Otherwise both would be equal because both succeed.
            Assert.Matches("^(403|404) ", theirs);
        }
    }

    /// <summary>Lists, searches and histories as well: whatever another tenant's key gets to read, nothing of our chat stands in it.</summary>
    [Fact]
    public async Task AnotherTenant_ReadsEverything_FindsNothingOfOurs()
    {
        var call = new MatrixCall(world);
        var read = 0;
        foreach (var line in AccessMatrix.Lines.Where(line => line is { Method: "GET", IsSocket: false } && !line.Target.Contains("/stream", StringComparison.Ordinal)))
        {
            using var answer = await call.SendAsync(line, world.Credentials["elsewhere"], Whose.Ours);
            Assert.DoesNotContain(AccessWorld.OurText, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            // The same call has something to tell about their own.
            using var own = await call.SendAsync(line, world.Credentials["elsewhere"], Whose.Theirs);
            if ((await own.Content.ReadAsStringAsync()).Contains(AccessWorld.TheirText, StringComparison.Ordinal)) read++;
        }

        Assert.True(read >= 6, $"only {read} calls told anything");
    }

    /// <summary>A tenant's key tries ids: only its own chat, bot and message are there, among small numbers, large ones, and such as are none.</summary>
    [Fact]
    public async Task Ids_Guessed_AreThereOnlyForTheirOwner()
    {
        var call = new MatrixCall(world);
        string[] odd = ["0", "-1", "9223372036854775807", "9223372036854775808", "1e0", "1.0", "01", "+1", "0x1", "%201", "1%20", "tg:1:-1001", "tg:1:-1002", "tg:01:-1001", "null", "%D9%A1"];
        foreach (var line in AccessMatrix.Lines.Where(line => line.Method == "GET" && Guessed().IsMatch(line.Target) && !line.IsSocket))
        {
            var placeholder = Guessed().Match(line.Target).Value;
            var own = await call.FillAsync(placeholder, Whose.Theirs);
            // At once: each refusal waits for a fresh look at the permissions, which they share.
            await Task.WhenAll(Enumerable.Range(1, 40).Select(id => $"{id}").Concat(odd).Select(async id =>
            {
                using var answer = await call.SendAsync(line with { Target = line.Target.Replace(placeholder, id, StringComparison.Ordinal) }, world.Credentials["elsewhere"], Whose.Ours);
                if (answer.StatusCode == System.Net.HttpStatusCode.OK) Assert.True(id == own, $"{line}: {id} was there");
                else Assert.True((int)answer.StatusCode is 400 or 404, $"{line}: {id} was answered {answer.StatusCode}");
                Assert.False(id == own && !answer.IsSuccessStatusCode, $"{line}: the own {id} was not there");
            }));
        }
    }

    /// <summary>Guards the search of the run's log: what the calls above hand out is looked for in it.</summary>
    [Fact]
    public async Task Secrets_HandedOut_AreLookedForInTheRunsLog()
    {
        var call = new MatrixCall(world);
        var login = AccessMatrix.Lines.First(line => line.Target.EndsWith("/login", StringComparison.Ordinal) && line.Expected["none"] == "200");
        using var answer = await call.SendAsync(login, null, Whose.Ours);
        using var tokens = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        foreach (var name in (string[])["access_token", "refresh_token"]) Assert.Contains(tokens.RootElement.GetProperty(name).GetString()!, Support.Secrets.All.Keys);
    }

    private async Task<string> WholeAsync(MatrixCall call, MatrixLine line, string column, Whose whose)
    {
        using var answer = await call.SendAsync(line, world.Credentials[column], whose);
        var headers = answer.Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key is not "Date" && !header.Key.StartsWith("X-RateLimit-", StringComparison.Ordinal))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal);
        var body = await answer.Content.ReadAsStringAsync();
        return $"{(int)answer.StatusCode} {string.Join('\n', headers)}\n{RequestId().Replace(body, "")}";
    }

    [GeneratedRegex(@"\{(new:)?(chat|bot|message)\}")]
    private static partial Regex Named();

    [GeneratedRegex(@"\{(chat|bot|message)\}")]
    private static partial Regex Guessed();

    [GeneratedRegex("\"request_id\":\"[^\"]*\"")]
    private static partial Regex RequestId();
}
