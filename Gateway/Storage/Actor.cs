namespace Gateway.Storage;

/// <summary>The values of <c>audit_log.actor_kind</c>.</summary>
internal enum ActorKind : byte
{
    /// <summary>Whoever it was did not say, or did not say it truly.</summary>
    Nobody = 0,
    ApiKey = 1,
    User = 2,
    CommandLine = 3,

    /// <summary>The gateway by itself.</summary>
    Gateway = 4,
}

/// <summary>Who does something, and from where: the first columns of every audit line.</summary>
/// <param name="Id">Of the key or user; zero for others.</param>
/// <param name="Name">The key's or user's name; on the command line the operating system's user.</param>
/// <param name="Address">The client's address; null where there is none.</param>
internal readonly record struct Actor(ActorKind Kind, long Id, string Name, string? Address, string? RequestId)
{
    public static Actor CommandLine => new(ActorKind.CommandLine, 0, Environment.UserName, null, null);

    public static Actor Gateway => new(ActorKind.Gateway, 0, "gateway", null, null);
}
