using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver.Sse;

/// <summary>
/// A reconnecting <c>EventSource</c> sends the last id it saw as a header, with the URL of the first connect: so the header wins over
/// whatever start the URL names.
/// </summary>
internal static class LastEventId
{
    public static SubscriptionParse Apply(SubscriptionParse parse, HttpRequest request)
    {
        string? text = request.Headers["Last-Event-ID"];
        if (string.IsNullOrEmpty(text) || parse.Request is not { } asked)
        {
            return parse;
        }

        if (request.Headers["Last-Event-ID"].Count > 1)
        {
            return SubscriptionParse.Refuse("INVALID_START", "Last-Event-ID is given twice.");
        }

        var dash = text.LastIndexOf('-');
        if (dash is <= 0 or > Messages.Limits.Deliver.LogIdChars
            || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
        {
            return SubscriptionParse.Refuse("INVALID_START", "Last-Event-ID is an id of this stream: <log_id>-<seq>.");
        }

        return new SubscriptionParse(asked with { After = seq, LogId = text[..dash], SinceMs = null, From = StartFrom.Latest }, null);
    }
}
