namespace Gateway.Messages;

/// <summary>The facts of an event that was read back from the log.</summary>
internal static class EventFacts
{
    /// <summary>Gateway-made payloads are not updates and have no facts but their kind.</summary>
    public static UpdateFacts Parse(string kind, ReadOnlySpan<byte> payload)
    {
        if (kind.StartsWith(GatewayEventKinds.Prefix, StringComparison.Ordinal))
        {
            return new UpdateFacts { Kind = kind };
        }

        var facts = UpdateParser.Parse(payload);
        facts.Kind = kind;
        return facts;
    }
}
