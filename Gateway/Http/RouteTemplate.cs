namespace Gateway.Http;

/// <summary>A template taken apart, and all routes on it: one per method.</summary>
internal sealed class RouteTemplate
{
    /// <summary>Null stands for a parameter.</summary>
    private readonly string?[] segments;
    private readonly List<HttpRoute> routes = [];

    public RouteTemplate(string template)
    {
        if (!template.StartsWith('/'))
        {
            throw new ArgumentException($"Route template {template} does not start with a slash.");
        }

        Text = template;
        segments = Array.ConvertAll(template[1..].Split('/'), segment => segment is ['{', .., '}'] ? null : segment);
        if (segments.Count(segment => segment is null) > 2)
        {
            throw new ArgumentException($"Route template {template} has more than two parameters.");
        }
    }

    public string Text { get; }

    /// <summary>The value of an Allow header.</summary>
    public string Allow { get; private set; } = "OPTIONS";

    /// <summary>Two templates of the same shape match the same paths and are one.</summary>
    public bool HasShapeOf(RouteTemplate other) => segments.AsSpan().SequenceEqual(other.segments);

    /// <summary>Literal segments first, so that <c>/events/stream</c> wins over <c>/events/{id}</c>.</summary>
    public int Parameters => segments.Count(segment => segment is null);

    public void Add(HttpRoute route)
    {
        if (Find(route.Method) is not null)
        {
            throw new ArgumentException($"Route {route.Method} {route.Template} is in the table twice.");
        }

        routes.Add(route);
        var methods = routes.ConvertAll(each => each.Method);
        if (routes.Exists(each => each is { Method: "GET", IsStream: false }))
        {
            methods.Add("HEAD");
        }

        methods.Add("OPTIONS");
        Allow = string.Join(", ", methods);
    }

    public HttpRoute? Find(string method)
    {
        foreach (var route in routes)
        {
            if (string.Equals(route.Method, method, StringComparison.Ordinal))
            {
                return route;
            }
        }

        return method == "HEAD" && Find("GET") is { IsStream: false } get ? get : null;
    }

    /// <summary>A parameter matches any segment but an empty one.</summary>
    public bool TryMatch(string path, out RouteValues values)
    {
        values = default;
        Range first = default;
        Range second = default;
        var count = 0;
        var start = 1;
        for (var index = 0; index < segments.Length; index++)
        {
            if (start > path.Length)
            {
                return false;
            }

            var length = path.AsSpan(start).IndexOf('/');
            var end = length < 0 ? path.Length : start + length;
            if (segments[index] is { } literal)
            {
                if (!path.AsSpan(start, end - start).SequenceEqual(literal))
                {
                    return false;
                }
            }
            else if (end == start)
            {
                return false;
            }
            else if (count++ == 0)
            {
                first = start..end;
            }
            else
            {
                second = start..end;
            }

            start = end + 1;
        }

        values = new RouteValues(path, count, first, second);
        // Past the last segment there must be nothing, not even a slash.
        return start == path.Length + 1;
    }
}
