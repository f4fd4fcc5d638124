namespace Gateway.Deliver;

/// <summary>The public <c>type</c> of an event (design section 5): the update kind's Bot API field name, except <c>message</c>.</summary>
internal static class EventTypes
{
    public static string Of(string kind) => kind == "message" ? "new_message" : kind;
}
