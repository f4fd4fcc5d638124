namespace Gateway.Messages;

/// <summary>
/// One update as it came: the exact bytes (an array of its own, because it outlives the request in the recent-events ring)
/// and what was read out of them.
/// </summary>
internal sealed class IncomingUpdate(long botId, byte[] payload, in UpdateFacts facts)
{
    public readonly UpdateFacts Facts = facts;

    /// <summary>The gateway's id of the bot.</summary>
    public long BotId { get; } = botId;

    public byte[] Payload { get; } = payload;
}
