using System.Globalization;
using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Storage;
using Microsoft.AspNetCore.Http;

namespace Gateway.Api;

/// <summary><c>GET /api/v1/audit</c>: who did what, and who was not allowed to, newest first.</summary>
internal sealed class AuditHandler(AuditQueries audit)
{
    private static readonly QueryReader Query = new([.. CursorPage.Names, "actor", "action", "target", "outcome", "since", "until"]);

    private static readonly JsonShape Line = new("AuditLine",
        new JsonField("id", JsonKind.Integer, "Rises with the time of writing."),
        new JsonField("at", JsonKind.Time, "When; of denials that were counted together, the first.") { Example = "2026-02-09T12:00:00.000Z" },
        new JsonField("actor", JsonKind.Object, "Who.")
        {
            Shape = new JsonShape("AuditActor",
                new JsonField("kind", JsonKind.String, "Whose credential it was.") { Values = AuditNames.Actors },
                new JsonField("id", JsonKind.Integer, "Of the key or user; null for others.") { IsNullable = true },
                new JsonField("name", JsonKind.String, "The key's or user's name at that time; on the command line the operating system's user.")),
        },
        new JsonField("address", JsonKind.String, "From where; null for the command line and the gateway itself.") { IsNullable = true, Example = "192.0.2.7" },
        new JsonField("action", JsonKind.String, "What: a resource and a verb; of a denial, what was asked for.") { Example = "bot.add" },
        new JsonField("target", JsonKind.Object, "On what; of denials that were counted together, the first.")
        {
            Shape = new JsonShape("AuditTarget",
                new JsonField("type", JsonKind.String, "As bot, chat or route.") { Example = "bot" },
                new JsonField("id", JsonKind.String, "Its id, as text.") { Example = "1" }),
        },
        new JsonField("outcome", JsonKind.String, "Whether it was done.") { Values = [AuditEntry.Done, AuditEntry.Denied] },
        new JsonField("count", JsonKind.Integer, "How often: equal denials within a minute are one line."),
        new JsonField("request_id", JsonKind.String, "As the answer to the request had it.") { IsNullable = true },
        new JsonField("before", JsonKind.Any, "The changed fields as they were, without secrets; null where nothing was."),
        new JsonField("after", JsonKind.Any, "The changed fields as they are, without secrets; null where nothing is."));

    public IEnumerable<HttpRoute> Routes =>
    [
        new("GET", "/api/v1/audit", ListAsync, "audit_list")
        {
            Needs = PermissionNames.Of(Permission.AuditRead),
            Document = new RouteDocument("Who did what, and what was denied, newest first")
            {
                Description = "A filter that finds little may give short or empty pages with `has_more`: go on with `next_cursor`.",
                Query =
                [
                    .. CursorPage.Document,
                    new("actor", JsonKind.String, "A kind (api_key, user, command_line, gateway, nobody), or one of them: user:2."),
                    new("action", JsonKind.String, "An action as bot.add, or all that begin so: bot.*."),
                    new("target", JsonKind.String, "A type as bot, or one of them: bot:7."),
                    new("outcome", JsonKind.String, "done or denied."),
                    new("since", JsonKind.Time, "At this time and later."),
                    new("until", JsonKind.Time, "At this time and before."),
                ],
                Answer = JsonShape.CursorPage("audit", Line),
            },
        },
    ];

    private async Task ListAsync(Exchange exchange)
    {
        var query = Query.Read(exchange);
        if (query.Problem is { } problem)
        {
            await ErrorReply.WriteAsync(exchange, StatusCodes.Status400BadRequest, "INVALID_PARAMETER", problem);
            return;
        }

        var errors = new ValidationErrors();
        var page = CursorPage.Read(query, errors);
        var filter = ReadFilter(query, errors);
        if (!errors.IsEmpty)
        {
            await errors.ReplyAsync(exchange);
            return;
        }

        var found = await audit.ReadAsync(filter, page.Before, page.Limit, exchange.Aborted);
        await JsonReply.WriteAsync(exchange, StatusCodes.Status200OK, found, Write);
    }

    private static AuditFilter ReadFilter(in QueryValues query, ValidationErrors errors)
    {
        ActorKind? kind = null;
        long? actor = null;
        if (query["actor"] is { } actorText && !TryReadActor(actorText, out kind, out actor)) errors.Add("actor", "must be a kind as user, or one of them as user:2");
        var action = query["action"];
        if (action is not null && !AuditNames.IsAction(action)) errors.Add("action", "must be an action as bot.add, or a beginning as bot.*");
        var target = query["target"]?.Split(':', 2);
        var outcome = query["outcome"];
        if (outcome is not (null or AuditEntry.Done or AuditEntry.Denied)) errors.Add("outcome", "must be done or denied");
        var since = ReadTime(query, "since", errors);
        var until = ReadTime(query, "until", errors);
        return new AuditFilter(kind, actor, action, target?[0], target?.ElementAtOrDefault(1), outcome, since, until);
    }

    private static bool TryReadActor(string text, out ActorKind? kind, out long? id)
    {
        var parts = text.Split(':', 2);
        var index = Array.IndexOf(AuditNames.Actors, parts[0]);
        kind = index < 0 ? null : (ActorKind)index;
        id = null;
        if (parts.Length == 1) return kind is not null;
        var isNumber = long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        id = number;
        return isNumber && kind is ActorKind.ApiKey or ActorKind.User;
    }

    private static long? ReadTime(in QueryValues query, string name, ValidationErrors errors)
    {
        if (!query.TryGetTime(name, out var time)) errors.Add(name, "must be a time as 2026-02-09T12:00:00Z");
        return time?.ToUnixTimeMilliseconds();
    }

    private static void Write(Utf8JsonWriter json, AuditPage page)
    {
        json.WriteStartObject();
        json.WriteStartArray("audit");
        foreach (var line in page.Lines) WriteLine(json, line);
        json.WriteEndArray();
        CursorPage.Write(json, page.Next is not null, page.Next ?? 0);
        json.WriteEndObject();
    }

    private static void WriteLine(Utf8JsonWriter json, AuditLine line)
    {
        json.WriteStartObject();
        json.WriteNumber("id", line.Id);
        json.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(line.AtMs).UtcDateTime);
        json.WriteStartObject("actor");
        json.WriteString("kind", AuditNames.Actors[(int)line.ActorKind]);
        if (line.ActorId > 0) json.WriteNumber("id", line.ActorId);
        else json.WriteNull("id");
        json.WriteString("name", line.ActorName);
        json.WriteEndObject();
        json.WriteString("address", line.Address);
        json.WriteString("action", line.Action);
        json.WriteStartObject("target");
        json.WriteString("type", line.TargetType);
        json.WriteString("id", line.TargetId);
        json.WriteEndObject();
        json.WriteString("outcome", line.Outcome);
        json.WriteNumber("count", line.Count);
        json.WriteString("request_id", line.RequestId);
        WriteValue(json, "before", line.BeforeJson);
        WriteValue(json, "after", line.AfterJson);
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        if (value is null) json.WriteNullValue();
        else json.WriteRawValue(value);
    }
}
