using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Deliver;

/// <summary>What OpenAPI says of the streams: the query of a subscription, which is the same on all of them, and what they answer.</summary>
internal static class StreamDocuments
{
    /// <summary>Stands for <c>docs/event.schema.json</c>.</summary>
    private static readonly JsonShape Event = new("Event");

    private static readonly DocumentedParameter[] Selection =
    [
        new("chat_id", JsonKind.String, "A chat by the gateway's id, or tg:BOT:TELEGRAM_CHAT. A list goes by commas, as with chat_ids; so do the others."),
        new("chat_ids", JsonKind.String, "As chat_id."),
        new("bot_id", JsonKind.String, "Everything of this bot; needs the bot-wide grant."),
        new("bot_ids", JsonKind.String, "As bot_id."),
        new("all", JsonKind.Boolean, "Everything that the credential may read, chats that appear later included."),
        new("thread_ids", JsonKind.String, "Only these forum topics."),
        new("commands", JsonKind.String, "Only messages with these commands."),
        new("from_user_ids", JsonKind.String, "Only what these Telegram users sent."),
        new("types", JsonKind.String, "Only these types of event, as new_message."),
        new("direction", JsonKind.String, "incoming (the default), outgoing or both."),
        new("exclude_own", JsonKind.Boolean, "Not what this credential sent."),
        new("include", JsonKind.String, "update: with the update as Telegram sent it."),
        new("after", JsonKind.Integer, "Begin after this seq; 0 is the beginning."),
        new("log_id", JsonKind.String, "The identity of the log that after belongs to."),
        new("since", JsonKind.Time, "Begin at this time."),
        new("from", JsonKind.String, "latest (the default) or earliest."),
        new("id", JsonKind.String, "A name of the subscription, told in its frames."),
    ];

    private static readonly DocumentedError[] Refusals =
    [
        new(400, "UNKNOWN_FIELD", "There is no such parameter."),
        new(400, "INVALID_FIELD", "A parameter that is no list is given twice."),
        new(400, "INVALID_SELECTOR", "Nothing, too much or something impossible is selected."),
        new(400, "INVALID_START", "The start is not one of after, since and from."),
        new(400, "INVALID_ID", "The subscription's id has no good length."),
        new(404, "CHAT_NOT_FOUND", "The chat does not exist, or not for this credential."),
        new(404, "BOT_NOT_FOUND", "The bot does not exist, or not for this credential."),
    ];

    public static readonly RouteDocument Pull = new("A page of events, or the next ones when they come")
    {
        Description = "Go on with `after=next_after` and `log_id`. What is missing is said in `gaps`, never skipped.",
        Query =
        [
            .. Selection,
            new("limit", JsonKind.Integer, $"At most so many events: 1 to {Limits.Deliver.PullEvents}, {Limits.Deliver.PullDefaultEvents} if absent."),
            new("wait", JsonKind.Integer, $"Seconds to wait for the next event where there is none: 0 to {Limits.Deliver.PullWait.TotalSeconds}."),
        ],
        Answer = new JsonShape("EventPage",
            new JsonField("log_id", JsonKind.String, "The identity of the log that next_after belongs to."),
            new JsonField("events", JsonKind.Object, "In the order of seq.") { Shape = Event, IsList = true },
            new JsonField("next_after", JsonKind.Integer, "The position to go on from: everything up to it that matches has been sent."),
            new JsonField("gaps", JsonKind.Object, "What this page cannot have.")
            {
                IsList = true,
                Shape = new JsonShape("Gap",
                    new JsonField("bot_id", JsonKind.Integer, "Whose events; null: of the whole log.") { IsNullable = true },
                    new JsonField("requested", JsonKind.Integer, "After this seq something may be missing."),
                    new JsonField("earliest", JsonKind.Integer, "From this seq on it is complete."),
                    new JsonField("reason", JsonKind.String, "Why.") { Values = ["retention", "migration", "log_reset"] },
                    new JsonField("log_id", JsonKind.String, "The identity of the log from here on.")),
            }),
        Errors = [.. Refusals, new(400, "INVALID_PARAMETER", "limit or wait is out of its range.")],
    };

    public static readonly RouteDocument EventStream = new("Events as they come, as server-sent events")
    {
        Description = "Each block's data is an `Event`, its id the position; `Last-Event-ID` goes on after it. Other blocks are named gap, error and close.",
        Query = Selection,
        Headers = [new("Last-Event-ID", JsonKind.String, "The id of the last block that came; wins over the start in the query.")],
        AnswerType = "text/event-stream",
        Errors = Refusals,
    };

    public static readonly RouteDocument WebSocket = new("A WebSocket with any number of subscriptions")
    {
        Description = "RFC 6455, JSON text frames; docs/websocket.md has them. Events are those of the other streams. The credential may also come in the first message.",
        Query = Selection,
        Status = 101,
        Errors =
        [
            .. Refusals,
            new(400, "WEBSOCKET_KEY", "The handshake is not right."),
            new(403, "FOREIGN_ORIGIN", "A page of an origin that is not allowed."),
            new(426, "UPGRADE_REQUIRED", "No upgrade is asked for."),
            new(426, "WEBSOCKET_VERSION", "Only version 13 is spoken."),
            new(429, "TOO_MANY_CONNECTIONS", "This key or address has too many open sockets."),
            new(503, "TOO_MANY_CONNECTIONS", "The gateway has too many open sockets."),
        ],
    };
}
