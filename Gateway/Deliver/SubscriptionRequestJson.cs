using System.Globalization;
using System.Text.Json;

namespace Gateway.Deliver;

/// <summary>
/// Reads a <c>subscribe</c> action: <c>{"action":"subscribe","id":"a","chat_id":1,"include":["update"],"after":8123,"log_id":"…"}</c>.
/// Members that belong to the protocol (<c>action</c>) are skipped; chats may be numbers or strings, as everywhere in the API.
/// </summary>
internal static class SubscriptionRequestJson
{
    public static SubscriptionParse Parse(ReadOnlySpan<byte> json)
    {
        var builder = new SubscriptionRequestBuilder();
        try
        {
            Read(json, builder);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with a lone surrogate or bytes that are no UTF-8.
            return SubscriptionParse.Refuse("INVALID_JSON", "The message is not a JSON object that can be read.");
        }

        return builder.Build();
    }

    private static void Read(ReadOnlySpan<byte> json, SubscriptionRequestBuilder builder)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            builder.Fail("INVALID_JSON", "The message is not a JSON object.");
            return;
        }

        HashSet<string> seen = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            // Lists as well: JSON readers differ in which of two members of one name they keep.
            if (!seen.Add(name))
            {
                builder.FailRepeated(name);
                return;
            }

            if (name == "action")
            {
                reader.Skip();
            }
            else if (!ReadMember(ref reader, name, builder))
            {
                return;
            }
        }
    }

    private static bool ReadMember(ref Utf8JsonReader reader, string name, SubscriptionRequestBuilder builder)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return ReadValue(ref reader, name, builder);
        }

        if (!SubscriptionRequestBuilder.IsKnown(name))
        {
            return builder.Add(name, "");
        }

        if (!(name.EndsWith('s') || name == "include"))
        {
            return builder.Fail("INVALID_FIELD", "Only lists take an array.");
        }

        var isEmpty = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            isEmpty = false;
            // A null in a list is no absent member: passed over, it would leave an empty list behind.
            if (reader.TokenType == JsonTokenType.Null
                ? !builder.Fail("INVALID_FIELD", "A list holds no null.")
                : !ReadValue(ref reader, name, builder))
            {
                return false;
            }
        }

        return !isEmpty || IsHarmlessWhenEmpty(name) || builder.FailEmpty(name);
    }

    /// <summary>What is included adds to each event and selects none: nothing included is what it says.</summary>
    private static bool IsHarmlessWhenEmpty(string name) => name == "include";

    private static bool ReadValue(ref Utf8JsonReader reader, string name, SubscriptionRequestBuilder builder)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return builder.Add(name, reader.GetString()!);
            case JsonTokenType.Number when reader.TryGetInt64(out var number):
                return builder.Add(name, number.ToString(CultureInfo.InvariantCulture));
            case JsonTokenType.True or JsonTokenType.False:
                return builder.Add(name, reader.TokenType == JsonTokenType.True ? "true" : "false");
            case JsonTokenType.Null:
                // A client library that writes its absent members as null means "absent".
                return SubscriptionRequestBuilder.IsKnown(name) || builder.Add(name, "");
            default:
                return builder.Fail("INVALID_FIELD", "A subscription's fields are strings, whole numbers, booleans and lists of these.");
        }
    }
}
