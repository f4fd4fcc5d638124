using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Gateway.Messages.Parsing;

internal ref partial struct UpdateScan
{
    /// <summary>The current property's name without escapes; empty for a name that cannot be a known one.</summary>
    private readonly ReadOnlySpan<byte> Name(Span<byte> scratch)
    {
        if (!json.ValueIsEscaped)
        {
            return json.ValueSpan;
        }

        return EscapedName.TryDecode(json.ValueSpan, scratch, out var length) ? scratch[..length] : [];
    }

    /// <summary>Steps to the next property of the current object and on to its value. False at the object's end.</summary>
    private bool NextField(NameTable table, out int field)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.PropertyName)
        {
            field = -1;
            return false;
        }

        field = json.ValueIsEscaped ? FindEscaped(table) : table.Find(json.ValueSpan);
        json.Read();
        return true;
    }

    /// <summary>Apart, so that the usual way pays for no scratch space.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly int FindEscaped(NameTable table) => table.Find(Name(stackalloc byte[EscapedName.MaxBytes]));

    /// <summary>
    /// An integer that fits 64 bits. <c>6.5e9</c> and <c>17.0</c> are integers in JSON too; they go through decimal, never through a double,
    /// so nothing above 2^53 is rounded. Strings are not numbers.
    /// </summary>
    private long? ReadLong()
    {
        if (json.TokenType != JsonTokenType.Number)
        {
            json.Skip();
            return null;
        }

        if (json.TryGetInt64(out var value))
        {
            return value;
        }

        return json.TryGetDecimal(out var precise) && decimal.Truncate(precise) == precise && precise is >= long.MinValue and <= long.MaxValue
            ? (long)precise
            : null;
    }

    private Slice ReadString()
    {
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return default;
        }

        return new Slice(origin + (int)json.TokenStartIndex + 1, json.ValueSpan.Length);
    }

    /// <summary>Stores a readable string; another value leaves what was there.</summary>
    private void ReadString(ref Slice slice)
    {
        var value = ReadString();
        slice = value.IsPresent ? value : slice;
    }

    private void ReadLong(ref long? number) => number = ReadLong() ?? number;

    /// <summary>True when the current value is an object, which the caller then reads to its end; anything else is passed over.</summary>
    private bool Enter()
    {
        if (json.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        json.Skip();
        return false;
    }
}
