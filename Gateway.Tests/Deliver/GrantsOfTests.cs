using System.Collections.Frozen;
using Gateway.Access;

namespace Gateway.Tests.Deliver;

internal static class GrantsOfTests
{
    /// <summary>The same grants with other feedback.</summary>
    public static Grants With(this Grants grants, long[]? feedback) =>
        new(grants.IsAdmin, grants.Chats, grants.Bots) { Threads = grants.Threads, BotOfChat = grants.BotOfChat, Feedback = feedback?.ToFrozenSet() };
}
