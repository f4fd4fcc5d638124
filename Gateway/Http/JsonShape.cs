namespace Gateway.Http;

internal enum JsonKind
{
    String,

    /// <summary>Below 2^53 (design section 5).</summary>
    Integer,
    Number,
    Boolean,

    /// <summary>A string, RFC 3339 in UTC.</summary>
    Time,

    /// <summary>An object; its fields are in <see cref="JsonField.Shape"/>.</summary>
    Object,

    /// <summary>An object whose fields nobody promises, or any value.</summary>
    Any,
}

/// <summary>
/// The fields of a JSON object: what a body is read by, strictly, and what the OpenAPI document says of it. One description for both, so that
/// neither can promise what the other does not do.
/// </summary>
/// <param name="Name">The schema's name in the OpenAPI document, as <c>Bot</c>; equal names are one schema.</param>
internal sealed record JsonShape(string Name, params JsonField[] Fields)
{
    public JsonField? Find(string name) => Array.Find(Fields, field => field.Name == name);

    /// <summary>A page of a small list: <c>{"bots":[…],"total":1,"offset":0,"limit":50}</c>.</summary>
    public static JsonShape OffsetPage(string things, JsonShape thing) => new(
        thing.Name + "Page",
        new JsonField(things, JsonKind.Object, "The page.") { Shape = thing, IsList = true },
        new JsonField("total", JsonKind.Integer, "How many there are on all pages."),
        new JsonField("offset", JsonKind.Integer, "How many come before this page."),
        new JsonField("limit", JsonKind.Integer, "How many a page has at most."));

    /// <summary>A page of a long list: <c>{"messages":[…],"has_more":true,"next_cursor":"…"}</c>.</summary>
    public static JsonShape CursorPage(string things, JsonShape thing) => new(
        thing.Name + "Page",
        new JsonField(things, JsonKind.Object, "The page.") { Shape = thing, IsList = true },
        new JsonField("has_more", JsonKind.Boolean, "Whether another page follows."),
        new JsonField("next_cursor", JsonKind.String, "Give it as cursor for the next page.") { IsNullable = true });
}

/// <param name="Description">For people: what it means, its unit.</param>
internal sealed record JsonField(string Name, JsonKind Kind, string Description)
{
    /// <summary>Of a body: 400 without it. Fields of answers are always there, unless they are <see cref="IsOptional"/>.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Of an answer: there in some of them only. Better is a field that is null.</summary>
    public bool IsOptional { get; init; }

    /// <summary>May be null; a body's null is told apart from absence by <see cref="JsonBody.Has"/>.</summary>
    public bool IsNullable { get; init; }

    /// <summary>An array of these.</summary>
    public bool IsList { get; init; }

    /// <summary>Of a string, in UTF-16 units; zero forbids the empty string nowhere.</summary>
    public int MinLength { get; init; }

    public int MaxLength { get; init; } = 4096;
    public long Minimum { get; init; } = long.MinValue;
    public long Maximum { get; init; } = (1L << 53) - 1;

    /// <summary>The only values it may have; null: any.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    public JsonShape? Shape { get; init; }
    public string? Example { get; init; }

    /// <summary>It is never answered again and never logged.</summary>
    public bool IsSecret { get; init; }
}
