using Gateway.Http;

namespace Gateway.Api;

/// <summary>The errors a route may answer: those that follow from what it needs and takes, and its own.</summary>
internal static class OpenApiErrors
{
    private static readonly DocumentedError Invalid = new(400, "VALIDATION_FAILED", "A field or parameter is not valid; `details.fields` says which and why.");
    private static readonly DocumentedError Conflicting = new(400, "CONFLICTING_CREDENTIALS", "Two different credentials are given.");
    private static readonly DocumentedError Unknown = new(401, "UNAUTHENTICATED", "The credential is missing or not valid.");
    private static readonly DocumentedError Forbidden = new(403, "FORBIDDEN", "The credential lacks the permission that `details.needs` names.");
    private static readonly DocumentedError TooMany = new(429, "RATE_LIMITED", "The credential has made too many calls; `Retry-After` says when the next may come.");
    private static readonly DocumentedError Unavailable = new(503, "UNAVAILABLE", "It cannot be checked or read now; `Retry-After` says when to come again.");
    private static readonly DocumentedError Changed = new(412, "PRECONDITION_FAILED", "It was changed since the state that If-Match names.");

    private static readonly DocumentedError[] OfBodies =
    [
        new(400, "INVALID_JSON", "The body is not a JSON object."),
        new(413, "BODY_TOO_LARGE", "The body is larger than `details.max_bytes`."),
        new(415, "UNSUPPORTED_MEDIA_TYPE", "The body is not application/json."),
    ];

    public static IEnumerable<DocumentedError> Of(HttpRoute route)
    {
        var document = route.Document!;
        List<DocumentedError> errors = [.. document.Errors];
        if (document.Body is not null) errors.AddRange(OfBodies);
        // Streams read their query by the rules of a subscription, which has codes of its own.
        if (document.Body is not null || (document.Query.Count > 0 && !route.IsStream)) errors.Add(Invalid);
        if (route.Needs is not (RouteNeeds.Public or RouteNeeds.Secret))
        {
            errors.AddRange([Conflicting, Unknown, TooMany, Unavailable]);
            if (route.Needs != RouteNeeds.Authenticated) errors.Add(Forbidden);
        }

        if (HasTag(route) && route.Method != "GET") errors.Add(Changed);
        // What the route says of a code is nearer than what is said of all.
        return errors.DistinctBy(error => (error.Status, error.Code));
    }

    /// <summary>Whether calls of it are taken from the credential's rate.</summary>
    public static bool IsLimited(HttpRoute route) => route.Needs is not (RouteNeeds.Public or RouteNeeds.Secret);

    /// <summary>Whether its thing has an entity tag: the route says so by the header it takes.</summary>
    public static bool HasTag(HttpRoute route) =>
        route.Document!.Headers.Any(header => header.Name is "If-Match" or "If-None-Match");
}
