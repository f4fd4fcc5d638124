using System.Text.Json;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// Walks the fields of one JSON object that is known to be well formed. The first thing wrong is kept and ends the walk; reads after
/// it answer defaults.
/// </summary>
internal ref struct FieldReader
{
    private readonly string[] known;
    private Utf8JsonReader reader;
    private ulong seen;

    public FieldReader(ReadOnlySpan<byte> message, params string[] known)
    {
        this.known = known;
        reader = new Utf8JsonReader(message);
        reader.Read();
        Name = "";
    }

    /// <summary>The field that the walk stands at: one of the known ones.</summary>
    public string Name { get; private set; }

    public RequestError? Error { get; private set; }

    /// <summary>Steps to the next field's value; false at the end or after an error.</summary>
    public bool Next()
    {
        if (Error is not null || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }
        for (var i = 0; i < known.Length; i++)
        {
            if (reader.ValueTextEquals(known[i]))
            {
                return Enter(i);
            }
        }
        Refuse("UNKNOWN_FIELD", $"Known fields here are {string.Join(", ", known)}.");
        return false;
    }

    public void Skip() => reader.Skip();

    /// <summary>Null for null.</summary>
    public string? ReadString()
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.Null)
        {
            return reader.GetString();
        }
        Refuse("a string");
        return null;
    }

    /// <summary>The gateway's id as a number, or <c>tg:&lt;bot_id&gt;:&lt;telegram_chat_id&gt;</c>.</summary>
    public ChatReference ReadChat()
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var id) && id > 0)
        {
            return new ChatReference(id, 0, 0);
        }
        if (reader.TokenType == JsonTokenType.String && SubscriptionRequestBuilder.TryParseChat(reader.GetString()!, out var chat))
        {
            return chat;
        }
        Refuse("a chat's id or \"tg:<bot_id>:<telegram_chat_id>\"");
        return default;
    }

    public void Refuse(string code, string message) => Error ??= new RequestError(code, message);

    private void Refuse(string expected) => Refuse("INVALID_FIELD", $"{Name} must be {expected}.");

    private bool Enter(int index)
    {
        Name = known[index];
        if ((seen & (1UL << index)) != 0)
        {
            Refuse("INVALID_FIELD", $"{Name} is given twice.");
            return false;
        }
        seen |= 1UL << index;
        reader.Read();
        return true;
    }
}
