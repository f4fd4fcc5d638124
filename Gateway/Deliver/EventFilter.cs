using System.Text;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// The narrowing part of a subscription. Null lists narrow nothing; a subscription that narrows nothing at all has no filter.
/// Gateway-made events (<c>gateway.…</c>) have no direction and pass that test; the other lists apply to them as to all.
/// </summary>
internal sealed class EventFilter
{
    private readonly long[]? threadIds;
    private readonly long[]? fromUserIds;
    private readonly byte[][]? commands;
    private readonly string[]? types;
    private readonly bool refusesIncoming;

    private EventFilter(SubscriptionRequest request)
    {
        threadIds = NullIfEmpty(request.ThreadIds);
        fromUserIds = NullIfEmpty(request.FromUserIds);
        types = NullIfEmpty(request.Types);
        refusesIncoming = request.Direction == Direction.Outgoing;
        if (request.Commands.Count > 0)
        {
            commands = new byte[request.Commands.Count][];
            for (var i = 0; i < commands.Length; i++)
            {
                commands[i] = Encoding.UTF8.GetBytes(request.Commands[i]);
            }
        }
    }

    public static EventFilter? For(SubscriptionRequest request)
    {
        var filter = new EventFilter(request);
        return filter is { threadIds: null, fromUserIds: null, commands: null, types: null, refusesIncoming: false } ? null : filter;
    }

    public bool Passes(LogEvent logEvent)
    {
        // Sending is not part of the gateway yet: every event that came from Telegram is incoming.
        if (refusesIncoming && !logEvent.Kind.StartsWith(GatewayEventKinds.Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        return (types is null || Array.IndexOf(types, EventTypes.Of(logEvent.Kind)) >= 0)
            && Contains(threadIds, logEvent.Facts.ThreadId)
            && Contains(fromUserIds, logEvent.Facts.FromUserId)
            && (commands is null || ContainsCommand(logEvent));
    }

    private bool ContainsCommand(LogEvent logEvent)
    {
        if (!logEvent.Facts.Command.IsPresent)
        {
            return false;
        }

        var command = logEvent.Facts.Command.Of(logEvent.Payload);
        foreach (var wanted in commands!)
        {
            // Telegram takes /Start for /start.
            if (Ascii.EqualsIgnoreCase(command, wanted))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Contains(long[]? wanted, long? value) => wanted is null || (value is { } found && Array.IndexOf(wanted, found) >= 0);

    private static T[]? NullIfEmpty<T>(IReadOnlyList<T> list) => list.Count == 0 ? null : [.. list];
}
