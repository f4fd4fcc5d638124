namespace Gateway.Http;

/// <summary>
/// At most two path parameters; no route needs more. They are places in the path, so that a handler which only hashes or compares one
/// (the webhook receiver's secret) makes no string of it.
/// </summary>
internal readonly struct RouteValues
{
    private readonly string? path;
    private readonly Range first;
    private readonly Range second;
    private readonly byte count;

    public RouteValues(string path, int count, Range first, Range second)
    {
        (this.path, this.count, this.first, this.second) = (path, (byte)count, first, second);
    }

    public string? First => count > 0 ? path![first] : null;
    public string? Second => count > 1 ? path![second] : null;
    public ReadOnlySpan<char> FirstSpan => count > 0 ? path.AsSpan()[first] : default;
}
