using System.Text;
using System.Text.Json;

namespace Gateway.Messages.Parsing;

/// <summary>
/// One pass over an update's tokens. Objects that matter are entered, one level at a time and never recursively; everything else is skipped.
/// Within an object, the last usable value of a duplicated key counts.
/// </summary>
internal ref partial struct UpdateScan
{
    private static readonly NameTable KindTable = new(UpdateKinds.Names);

    public UpdateFacts Facts;

    private readonly ReadOnlySpan<byte> body;
    private readonly int origin;
    private Utf8JsonReader json;
    private MessageScan message;

    public UpdateScan(ReadOnlySpan<byte> body, int origin, JsonReaderOptions options)
    {
        this.body = body;
        this.origin = origin;
        json = new Utf8JsonReader(body[origin..], options);
    }

    /// <summary>False when the body is no JSON object; throws <see cref="JsonException"/> when it is no JSON.</summary>
    public bool Run()
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        Span<byte> scratch = stackalloc byte[EscapedName.MaxBytes];
        long? updateId = null;
        var chosen = -1;
        string? other = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Name(scratch);
            var kind = KindTable.Find(name);
            var isUpdateId = kind < 0 && name.SequenceEqual("update_id"u8);

            // Only an object can be an update; the first known kind is the update's, and a duplicate of it replaces it whole.
            var mayName = other is null && chosen < 0 && kind < 0 && !isUpdateId && IsKindName(name) ? Encoding.ASCII.GetString(name) : null;
            json.Read();
            if (isUpdateId)
            {
                updateId = ReadLong() is { } id and >= 0 ? id : updateId;
            }
            else if (json.TokenType == JsonTokenType.StartObject && kind >= 0 && (chosen < 0 || chosen == kind))
            {
                chosen = kind;
                Facts = default;
                message = default;
                ReadKind(in UpdateKinds.All[kind]);
            }
            else
            {
                other ??= json.TokenType == JsonTokenType.StartObject ? mayName : null;
                json.Skip();
            }
        }

        // Reading past the closing brace is what finds garbage after it.
        json.Read();
        Facts.UpdateId = updateId;
        Facts.Kind = chosen >= 0 ? UpdateKinds.Names[chosen] : other ?? UpdateKinds.Unknown;
        return true;
    }

    private void ReadKind(in UpdateKind kind)
    {
        Facts.Realm = kind.Realm;
        if (kind.IsMessage)
        {
            ReadMessage();
            Facts.IsEdit = kind.IsEdit;
            Facts.IsMessage = Facts.TelegramChatId is not null && Facts.TelegramMessageId is not null;
        }
        else
        {
            ReadOther(in kind);
        }
    }

    private static bool IsKindName(ReadOnlySpan<byte> name)
    {
        // The gateway's own two words must not be taken for a kind that Telegram named so.
        return name.Length is > 0 and <= Limits.Ingest.KindBytes
            && name.IndexOfAnyExcept(KindCharacters) < 0
            && !name.SequenceEqual("unknown"u8) && !name.SequenceEqual("unparsed"u8);
    }

    private static readonly System.Buffers.SearchValues<byte> KindCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_"u8);
}
