using System.Text.RegularExpressions;
using Gateway.Access;
using Gateway.Http;
using Gateway.Tests.Repository;
using Gateway.Tests.Support;

namespace Gateway.Tests.Tidy;

/// <summary>Holds the table of calls in <c>docs/api.md</c> to the router's: a route is not added without its permission being written down.</summary>
public sealed partial class RouteTableTests
{
    [Fact]
    public async Task Table_OfCallsAndPermissions_IsTheRouters()
    {
        await using ComposedGateway gateway = await ComposedGateway.ComposeAsync();
        string[] served = [.. gateway.Routes.Where(route => route.Method != "CONNECT").Select(route => $"{route.Method} {route.Template} {route.Needs}")];
        // As a line to be pasted.
        Dictionary<string, string> rows = gateway.Routes.DistinctBy(route => route.Method + route.Template)
            .ToDictionary(route => $"{route.Method} {route.Template} {route.Needs}", route => $"| {route.Method} | `{route.Template}` | `{route.Needs}` | {route.Document?.Summary} |");
        string[] told = [.. Told()];

        Assert.NotEmpty(told);
        Violations.None(
        [
            .. served.Except(told).Select(line => $"not in docs/api.md: {rows[line]}"),
            .. told.Except(served).Select(line => $"{line} is in the table and not served"),
            .. told.GroupBy(line => line).Where(line => line.Count() > 1).Select(line => $"{line.Key} is in the table twice"),
        ]);
    }

    [Fact]
    public async Task Routes_Each_HasADocumentAndANameOfItsOwn()
    {
        await using ComposedGateway gateway = await ComposedGateway.ComposeAsync();
        Violations.None(
        [
            .. gateway.Routes.Where(route => route.Document is null).Select(route => $"{route.Method} {route.Template} has no document"),
            .. gateway.Routes.Where(route => route.Method != "CONNECT").GroupBy(route => route.Name).Where(name => name.Count() > 1).Select(name => $"two routes are named {name.Key}"),
            .. gateway.Routes.Where(route => !RouteName().IsMatch(route.Name)).Select(route => $"{route.Name} is no name of words with underscores"),
        ]);
    }

    /// <summary>What the documents say of a route is within what is served: its parameters are those of its path, its permission exists.</summary>
    [Fact]
    public async Task Routes_Each_DescribesItsOwnPathAndPermission()
    {
        await using ComposedGateway gateway = await ComposedGateway.ComposeAsync();
        List<string> wrong = [];
        foreach (HttpRoute route in gateway.Routes)
        {
            string[] parameters = [.. PathParameter().Matches(route.Template).Select(match => match.Groups[1].Value)];
            wrong.AddRange(route.Document!.Path.Select(parameter => parameter.Name).Except(parameters).Select(name => $"{route.Template} has no {name}"));
            if (route.Needs is not (RouteNeeds.Public or RouteNeeds.Secret or RouteNeeds.Authenticated) && !PermissionNames.All.Contains(route.Needs))
            {
                wrong.Add($"{route.Template} needs {route.Needs}, which is no permission");
            }

            if (route.Document.Body is not null && route.Method is "GET" or "DELETE") wrong.Add($"{route.Method} {route.Template} takes a body");
            if (route.Document.Query.GroupBy(parameter => parameter.Name).Any(name => name.Count() > 1)) wrong.Add($"{route.Template} has a parameter twice");
        }

        Violations.None(wrong);
    }

    /// <summary>A row: <c>| GET | `/api/v1/bots` | `bots:read` | … |</c>; a dash is open to anyone, <c>any</c> any credential.</summary>
    private static IEnumerable<string> Told() =>
        Row().Matches(RepositoryRoot.Read("docs/api.md")).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} " + row.Groups[3].Value.Trim('`', '*') switch
        {
            "–" => RouteNeeds.Public,
            "any" => RouteNeeds.Authenticated,
            var needs => needs,
        });

    [GeneratedRegex(@"^\| ([A-Z]+) \| `([^`]+)` \| ([^ |]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathParameter();

    [GeneratedRegex(@"^[a-z0-9]+(_[a-z0-9]+)*$")]
    private static partial Regex RouteName();
}
