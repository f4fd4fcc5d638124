namespace Gateway.Messages;

/// <summary>
/// A run of bytes inside a payload: for a JSON string, its raw characters between the quotes, escapes untouched, so that
/// it can be copied into another JSON document without decoding (a lone surrogate escape survives that; decoding it would not).
/// The default value means "not there"; an empty string has a start above zero.
/// </summary>
internal readonly record struct Slice(int Start, int Length)
{
    public bool IsPresent => Start > 0;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> payload) => payload.Slice(Start, Length);
}
