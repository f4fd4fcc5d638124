namespace Gateway.Http;

/// <summary>What a route may need besides a permission.</summary>
internal static class RouteNeeds
{
    /// <summary>Nothing: anyone may call it.</summary>
    public const string Public = "public";

    /// <summary>The secret in its own path; the handler checks it.</summary>
    public const string Secret = "secret";

    /// <summary>Any good credential.</summary>
    public const string Authenticated = "authenticated";
}
