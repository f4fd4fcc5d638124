using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>
/// What the bus reader hands on: everything of the log up to <see cref="Through"/> that has not been handed on before. The same
/// object goes to every shard. A log id other than the last batch's means that the log got a new identity.
/// </summary>
internal sealed record EventBatch(LogPosition Through, EncodedEvent[] Events)
{
    public long WeightBytes { get; } = WeightOf(Events);

    private static long WeightOf(EncodedEvent[] events)
    {
        long weight = 0;
        foreach (var encoded in events)
        {
            weight += encoded.WeightBytes;
        }

        return weight;
    }
}
