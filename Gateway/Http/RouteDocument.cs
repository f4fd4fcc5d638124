namespace Gateway.Http;

/// <summary>What people and generated clients are told of a route. The OpenAPI document is made of nothing else.</summary>
internal sealed record RouteDocument(string Summary)
{
    /// <summary>Markdown; where the summary does not say it all.</summary>
    public string? Description { get; init; }

    /// <summary>The template's parameters, in order.</summary>
    public IReadOnlyList<DocumentedParameter> Path { get; init; } = [];

    public IReadOnlyList<DocumentedParameter> Query { get; init; } = [];

    /// <summary>Headers besides credentials; <see cref="DocumentedParameter.IfMatch"/> and its like say that the thing has an entity tag.</summary>
    public IReadOnlyList<DocumentedParameter> Headers { get; init; } = [];

    /// <summary>Null: the call takes no body.</summary>
    public JsonShape? Body { get; init; }

    /// <summary>The status of success.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Null: the answer has no body (204), or one that is not JSON.</summary>
    public JsonShape? Answer { get; init; }

    /// <summary>The content type of an answer that is not JSON.</summary>
    public string? AnswerType { get; init; }

    /// <summary>What it may answer besides the errors every call has (400, 401, 403, 429, 503).</summary>
    public IReadOnlyList<DocumentedError> Errors { get; init; } = [];
}

/// <param name="Kind">String, Integer, Boolean or Time.</param>
internal sealed record DocumentedParameter(string Name, JsonKind Kind, string Description)
{
    public static readonly DocumentedParameter IfNoneMatch = new("If-None-Match", JsonKind.String, "An ETag: 304 without a body while it is still the same.");
    public static readonly DocumentedParameter IfMatch = new("If-Match", JsonKind.String, "An ETag: 412 if it has been changed since.");
}

internal sealed record DocumentedError(int Status, string Code, string When);
