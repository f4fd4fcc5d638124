namespace Gateway.Access;

/// <summary>The roles every database starts with; what each may do is in its tables (migration 0004).</summary>
internal static class Roles
{
    /// <summary>Everything, in every chat.</summary>
    public const string Admin = "admin";

    /// <summary>Runs bots and gives rights on chats, of those chats that are granted.</summary>
    public const string Operator = "operator";

    /// <summary>Reads the chats that are granted.</summary>
    public const string Viewer = "viewer";
}
