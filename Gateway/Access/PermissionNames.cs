using System.Numerics;

namespace Gateway.Access;

/// <summary>Permissions as people and the database write them: <c>bots:read</c>.</summary>
internal static class PermissionNames
{
    /// <summary>By the number of the bit.</summary>
    private static readonly string[] Names =
    [
        "bots:read", "bots:write", "chats:read", "chats:write", "permissions:read", "permissions:write", "messages:read", "messages:send",
        "events:read", "users:read", "users:write", "apikeys:read", "apikeys:write", "audit:read", "metrics:read",
    ];

    public static IReadOnlyList<string> All => Names;

    /// <param name="one">Exactly one permission.</param>
    public static string Of(Permission one) => Names[BitOperations.TrailingZeroCount((uint)one)];

    public static bool TryParse(string name, out Permission permission)
    {
        var index = Array.IndexOf(Names, name);
        permission = index < 0 ? Permission.None : (Permission)(1u << index);
        return index >= 0;
    }

    public static string[] Split(Permission set) => [.. Names.Where((_, index) => ((uint)set & (1u << index)) != 0)];

    /// <summary>Names without a permission (of a newer version) give nothing.</summary>
    public static Permission Join(IEnumerable<string> names)
    {
        var set = Permission.None;
        foreach (var name in names)
        {
            if (TryParse(name, out var permission)) set |= permission;
        }

        return set;
    }

    /// <summary>
    /// What a key may call. Without scopes: <see cref="Permission.KeyDefault"/>, an admin's everything. With scopes: those and no others.
    /// </summary>
    /// <param name="scopes">As stored: names with a space between; null: none were given.</param>
    public static Permission OfKey(bool isAdmin, string? scopes) =>
        scopes is null ? isAdmin ? Permission.All : Permission.KeyDefault : Join(scopes.Split(' '));
}
