using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>The members of one event object; what is absent is written as null, so every event has every field.</summary>
internal ref struct EventFieldWriter(ByteBuffer buffer, byte[] payload)
{
    // Checked once per event: most payloads are good, and then no string needs a look of its own.
    private readonly bool isUtf8 = Utf8.IsValid(payload);

    /// <summary>An id of the gateway's; zero means none.</summary>
    public readonly void Id(ReadOnlySpan<byte> name, long id) => Number(name, id == 0 ? null : id);

    public readonly void Number(ReadOnlySpan<byte> name, long? number)
    {
        buffer.Append(name);
        if (number is { } value && EventEncoder.IsExact(value))
        {
            buffer.Append(value);
        }
        else
        {
            buffer.Append("null"u8);
        }
    }

    /// <summary>One of our own names or a kind's, which may hold anything that Telegram can put into a field name.</summary>
    public readonly void Text(ReadOnlySpan<byte> name, string? value)
    {
        buffer.Append(name);
        if (value is null)
        {
            buffer.Append("null"u8);
            return;
        }

        buffer.Append((byte)'"');
        foreach (var character in value)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '.' or '-'))
            {
                buffer.AppendText(JavaScriptEncoder.Default.Encode(value));
                buffer.Append((byte)'"');
                return;
            }
        }

        buffer.AppendText(value);
        buffer.Append((byte)'"');
    }

    public readonly void Slice(ReadOnlySpan<byte> name, Slice slice)
    {
        buffer.Append(name);
        if (!slice.IsPresent)
        {
            buffer.Append("null"u8);
            return;
        }

        var raw = slice.Of(payload);
        buffer.Append((byte)'"');
        if (isUtf8 || Utf8.IsValid(raw))
        {
            buffer.Append(raw);
        }
        else
        {
            // A text frame that is not UTF-8 would cost the client its connection (RFC 6455 section 8.1); the bytes themselves are in the update.
            buffer.AppendText(Encoding.UTF8.GetString(raw));
        }

        buffer.Append((byte)'"');
    }
}
