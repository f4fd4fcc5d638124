namespace Gateway.Http;

internal enum RouteStatus
{
    Found,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>405 with <c>Allow</c>.</summary>
    MethodNotAllowed,

    /// <summary>OPTIONS on a path that exists: 204 with <c>Allow</c>.</summary>
    Options,
}

internal readonly record struct RouteMatch(RouteStatus Status, HttpRoute? Route, RouteValues Values, string? Allow);

/// <summary>
/// The route table. Paths are compared exactly, as the server decoded them: no trailing slash, no case folding, no second decoding. A few dozen
/// templates with different first letters are passed in well under a microsecond, so there is no tree.
/// </summary>
internal sealed class Router
{
    private readonly RouteTemplate[] templates;

    public Router(IEnumerable<HttpRoute> table)
    {
        List<RouteTemplate> shapes = [];
        foreach (var route in table)
        {
            var template = new RouteTemplate(route.Template);
            if (shapes.Find(template.HasShapeOf) is { } known)
            {
                template = known;
            }
            else
            {
                shapes.Add(template);
            }

            template.Add(route);
        }

        templates = [.. shapes.OrderBy(template => template.Parameters)];
    }

    public RouteMatch Match(string method, string path)
    {
        if (path.Length > 0 && path[0] == '/')
        {
            foreach (var template in templates)
            {
                if (template.TryMatch(path, out var values))
                {
                    return Choose(template, method, values);
                }
            }
        }

        return new RouteMatch(RouteStatus.NotFound, null, default, null);
    }

    private static RouteMatch Choose(RouteTemplate template, string method, RouteValues values)
    {
        if (template.Find(method) is { } route)
        {
            return new RouteMatch(RouteStatus.Found, route, values, null);
        }

        var status = method == "OPTIONS" ? RouteStatus.Options : RouteStatus.MethodNotAllowed;
        return new RouteMatch(status, null, default, template.Allow);
    }
}
