namespace Gateway.Access;

/// <summary>What whoever makes a change holds: nobody gives what he does not have, nor takes over somebody who has more.</summary>
/// <param name="IsAdmin">Sees all chats, which no permission says.</param>
/// <param name="Holder">Then its rights count as they are when they are asked for: a password is hashed before the change, and a revoke may come meanwhile.</param>
internal readonly record struct Authority(Permission Permissions, bool IsAdmin, Principal? Holder = null)
{
    /// <summary>The command line's: whoever may write the database needs no gateway to do so.</summary>
    public static readonly Authority Whole = new(Permission.All, true);

    public static Authority Of(Principal principal) => new(Permission.None, false, principal);

    public bool Covers(Permission permissions, bool isAdmin)
    {
        if (Holder is null) return (permissions & ~Permissions) == 0 && (IsAdmin || !isAdmin);
        return !Holder.IsRevoked && Holder.Has(permissions | Permission.UsersWrite) && (Holder.Grants.IsAdmin || !isAdmin);
    }
}
