using System.Collections.Frozen;
using Gateway.Access;

namespace Gateway.Benchmarks;

/// <summary>Everything that decides about a call of a known principal, each time to the end: may it call this, may it see that chat, has it calls left.</summary>
internal sealed class PermissionOperation() : Operation("permission decision")
{
    private const int Chats = 1_000, Bots = 20;

    /// <summary>A rate that the loop does not exhaust, or some of the decisions would be the cheaper refusal.</summary>
    private static readonly RateLimit Limit = new(100_000, 1_000_000);

    private readonly Principal principal = new(PrincipalId.Key(1), "benchmark")
    {
        Permissions = Permission.KeyDefault,
        Grants = new Grants(false, Rights(Chats), Rights(Bots)),
        Budget = new RateBudgets(TimeProvider.System, Limit).Of(PrincipalId.Key(1)),
    };

    private int allowed;

    public override Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            bool may = principal.Has(Permission.MessagesRead)
                && principal.Grants.CanRead(Bots + 1, 1 + (index * 3))
                && principal.Budget!.TryTake().IsAllowed;
            allowed += may ? 1 : 0;
        }

        return Task.CompletedTask;
    }

    private static FrozenDictionary<long, ChatRights> Rights(int count) =>
        Enumerable.Range(1, count).ToFrozenDictionary(id => (long)id, _ => ChatRights.Read | ChatRights.Send);
}
