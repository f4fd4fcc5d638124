using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>
/// Takes a Bot API answer apart without building objects: the result's bytes stay as they came, so that every update can be stored
/// exactly as Telegram wrote it.
/// </summary>
internal static class BotApiEnvelope
{
    /// <summary>As deep as an answer within Limits.Ingest.PollAnswerBytes can nest: one strange update must not hide the others beside it.</summary>
    private static readonly JsonReaderOptions Options = new() { MaxDepth = Limits.Ingest.PollAnswerBytes };

    public static BotApiAnswer Read(int httpStatus, byte[] body)
    {
        try
        {
            return ReadFields(httpStatus, body);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The second is what the JSON reader says to a lone surrogate in a name or a description.
            return new BotApiAnswer(BotApiStatus.NotTelegram, default, $"HTTP {httpStatus} with a body that is not the Bot API's", null);
        }
    }

    /// <summary>The elements of a result that is an array, as places in it.</summary>
    public static List<Range> Elements(ReadOnlySpan<byte> result)
    {
        List<Range> elements = [];
        var json = new Utf8JsonReader(result, Options);
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            return elements;
        }

        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)json.TokenStartIndex;
            json.Skip();
            elements.Add(start..(int)json.BytesConsumed);
        }

        return elements;
    }

    /// <summary>An update's id, however deep the update nests; null when it has none.</summary>
    public static long? UpdateId(ReadOnlySpan<byte> update)
    {
        long? id = null;
        var json = new Utf8JsonReader(update, Options);
        while (json.Read())
        {
            if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName && json.ValueSpan.SequenceEqual("update_id"u8))
            {
                json.Read();
                id = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number < long.MaxValue ? number : id;
            }
        }

        return id;
    }

    /// <summary>The host of <c>url</c> in a WebhookInfo; null when no webhook is set. Only the host: the path may hold a secret.</summary>
    public static string? WebhookHost(ReadOnlySpan<byte> info)
    {
        var json = new Utf8JsonReader(info, Options);
        while (json.Read())
        {
            if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName && json.ValueSpan.SequenceEqual("url"u8))
            {
                json.Read();
                return json.TokenType != JsonTokenType.String || json.ValueSpan.IsEmpty ? null : HostOf(ref json);
            }
        }

        return null;
    }

    private static string HostOf(ref Utf8JsonReader json)
    {
        try
        {
            return Uri.TryCreate(json.GetString(), UriKind.Absolute, out var uri) ? uri.Host : "an unreadable address";
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate.
            return "an unreadable address";
        }
    }

    private static BotApiAnswer ReadFields(int httpStatus, byte[] body)
    {
        var json = new Utf8JsonReader(body, Options);
        var result = default(ReadOnlyMemory<byte>);
        var isOk = false;
        var description = $"HTTP {httpStatus}";
        TimeSpan? retryAfter = null;
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("ok"u8))
            {
                json.Read();
                isOk = json.TokenType == JsonTokenType.True;
            }
            else if (json.ValueTextEquals("description"u8))
            {
                json.Read();
                description = json.TokenType == JsonTokenType.String ? json.GetString()! : description;
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                json.Read();
                retryAfter = ReadRetryAfter(ref json);
            }
            else
            {
                var isResult = json.ValueTextEquals("result"u8);
                json.Read();
                var start = (int)json.TokenStartIndex;
                json.Skip();
                result = isResult ? body.AsMemory(start..(int)json.BytesConsumed) : result;
            }

            json.Skip();
        }

        json.Read();
        var status = isOk && !result.IsEmpty ? BotApiStatus.Ok : StatusOf(httpStatus);
        return new BotApiAnswer(status, result, description, retryAfter);
    }

    private static TimeSpan? ReadRetryAfter(ref Utf8JsonReader json)
    {
        TimeSpan? wait = null;
        while (json.TokenType != JsonTokenType.Null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isRetryAfter = json.ValueTextEquals("retry_after"u8);
            json.Read();
            if (isRetryAfter && json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var seconds))
            {
                wait = TimeSpan.FromSeconds(seconds);
            }

            json.Skip();
        }

        return wait;
    }

    private static BotApiStatus StatusOf(int httpStatus) => httpStatus switch
    {
        401 or 404 => BotApiStatus.TokenRejected,
        409 => BotApiStatus.Conflict,
        429 => BotApiStatus.TooManyRequests,
        >= 400 => BotApiStatus.Refused,
        _ => BotApiStatus.NotTelegram,
    };
}
