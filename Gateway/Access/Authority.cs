namespace Gateway.Access;

/// <summary>What whoever makes a change holds: nobody gives what he does not have, nor takes over somebody who has more.</summary>
/// <param name="IsAdmin">Sees all chats, which no permission says.</param>
internal readonly record struct Authority(Permission Permissions, bool IsAdmin)
{
    /// <summary>The command line's: whoever may write the database needs no gateway to do so.</summary>
    public static readonly Authority Whole = new(Permission.All, true);

    public static Authority Of(Principal principal) => new(principal.Permissions, principal.Grants.IsAdmin);

    public bool Covers(Permission permissions, bool isAdmin) => (permissions & ~Permissions) == 0 && (IsAdmin || !isAdmin);
}
