using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Http;
using Gateway.Storage;

namespace Gateway.Tests.Api;

/// <summary>
/// Every text field of every body and every text parameter of every query, with strings that mean something to SQL, to HTTP or to JSON. The fields
/// are read from the route table: a new one is attacked without anybody thinking of it.
/// </summary>
public sealed class InjectionTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    private int answers, taken;

    [Fact]
    public async Task Strings_InEveryField_AreTakenLiterallyOrRefused()
    {
        var before = await SchemaAsync();
        var canaries = await CanariesAsync();
        var call = new MatrixCall(world);
        List<string> wrong = [];
        var routes = world.Gateway.Routes.Where(route => route.Document is not null && !route.AdmitsItself).ToArray();
        foreach (var route in routes)
        {
            var line = AccessMatrix.Lines.First(each => each.IsOf(route));
            foreach (var attack in AttackStrings.All)
            {
                foreach (var field in TextFields(route)) await AttackFieldAsync(call, route, line, field, attack, wrong);
                foreach (var parameter in route.Document!.Query) await AttackQueryAsync(call, route, line, parameter.Name, attack, wrong);
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong, first:\n{string.Join('\n', wrong.Take(20))}");
        Assert.Equal(before, await SchemaAsync());
        Assert.Equal(canaries, await CanariesAsync());
        // Otherwise nothing was attacked at all: no documents, no fields, or every call refused for another reason.
        Assert.True(routes.Length > 5 && answers > 200 && taken > 20, $"{routes.Length} routes, {answers} answers, {taken} taken");
    }

    private static IEnumerable<JsonField> TextFields(HttpRoute route) =>
        route.Document!.Body?.Fields.Where(field => field.Kind is JsonKind.String or JsonKind.Time or JsonKind.Any) ?? [];

    private async Task AttackFieldAsync(MatrixCall call, HttpRoute route, MatrixLine line, JsonField field, string attack, List<string> wrong)
    {
        var body = JsonNode.Parse(await call.FillAsync(line.Body ?? "{}", Whose.Ours))!.AsObject();
        body[field.Name] = field.IsList ? new JsonArray(attack) : JsonValue.Create(attack);
        // Wrong passwords are limited by address: each attack of a login comes from another.
        using var client = route.Needs == RouteNeeds.Public ? world.Gateway.NewClientFrom(new IPAddress([127, 9, (byte)(answers >> 8), (byte)answers])) : null;
        using var answer = await call.SendAsync(line with { Body = body.ToJsonString() }, world.AdminKey, Whose.Ours, client);
        var text = await answer.Content.ReadAsStringAsync();
        Check($"{route.Method} {route.Template} field {field.Name} = {Shown(attack)}", answer, text, wrong);
        if (answer.IsSuccessStatusCode && !field.IsSecret) CheckLiteral(route, field, attack, text, wrong);
    }

    private async Task AttackQueryAsync(MatrixCall call, HttpRoute route, MatrixLine line, string parameter, string attack, List<string> wrong)
    {
        // A longer address is the server's to refuse, and another test's matter.
        if (attack.Length > 1000) return;
        var target = $"{line.Target.Split('?')[0]}?{parameter}={Uri.EscapeDataString(attack)}";
        using var answer = await call.SendAsync(line with { Target = target }, world.AdminKey, Whose.Ours);
        if (route.IsStream && answer.StatusCode == HttpStatusCode.OK) return;
        Check($"{route.Method} {route.Template}?{parameter}={Shown(attack)}", answer, await answer.Content.ReadAsStringAsync(), wrong);
    }

    private void Check(string what, HttpResponseMessage answer, string text, List<string> wrong)
    {
        answers++;
        var status = (int)answer.StatusCode;
        if (answer.IsSuccessStatusCode) taken++;
        else if (status is not (400 or 401 or 404 or 409 or 415 or 422)) wrong.Add($"{what}: {status} {text}");
        if (answer.Headers.Concat(answer.Content.Headers).Any(header => header.Key == AttackStrings.InjectedHeader)) wrong.Add($"{what}: a header was injected");
        foreach (var header in answer.Headers.Concat(answer.Content.Headers))
        {
            if (header.Value.Any(value => value.Contains(AttackStrings.InjectedHeader, StringComparison.Ordinal))) wrong.Add($"{what}: stands in {header.Key}");
        }

        if (answer.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0)
        {
            try
            {
                JsonDocument.Parse(text).Dispose();
            }
            catch (JsonException)
            {
                wrong.Add($"{what}: the answer is no JSON: {text}");
            }
        }
    }

    /// <summary>Where the answer has a field of the same name, it has the same text.</summary>
    private static void CheckLiteral(HttpRoute route, JsonField field, string attack, string text, List<string> wrong)
    {
        if (route.Document!.Answer?.Find(field.Name) is not { Kind: JsonKind.String, IsList: false }) return;
        var answered = JsonNode.Parse(text)![field.Name]?.GetValue<string>();
        if (answered != attack) wrong.Add($"{route.Method} {route.Template}: {field.Name} {Shown(attack)} came back as {answered}");
    }

    private static string Shown(string attack) => JsonSerializer.Serialize(attack.Length > 60 ? attack[..60] : attack);

    private Task<string> SchemaAsync() => TextAsync("SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1");

    /// <summary>Rows that no call of this test names: an UPDATE or DELETE without its WHERE would take them along.</summary>
    private async Task<string> CanariesAsync() =>
        await TextAsync("SELECT name || password_hash || is_disabled FROM users WHERE name IN ('viewer', 'operator', 'admin') ORDER BY id")
        + await TextAsync("SELECT name || COALESCE(scopes, '') || is_admin || COALESCE(revoked_at_ms, 0) FROM api_keys WHERE name IN ('expired', 'revoked', 'elsewhere', 'admin') ORDER BY id")
        + await TextAsync($"SELECT principal_kind || ',' || principal_id || ',' || COALESCE(chat_id, 0) || ',' || can_read || can_send || can_manage FROM grants WHERE bot_id = {AccessWorld.Theirs} ORDER BY id")
        + await TextAsync("SELECT r.name || p.name FROM role_permissions x JOIN roles r ON r.id = x.role_id JOIN permissions p ON p.id = x.permission_id ORDER BY 1")
        + await TextAsync($"SELECT telegram_id || COALESCE(username, '') || mode FROM bots WHERE id = {AccessWorld.Theirs}")
        + await TextAsync($"SELECT text FROM messages WHERE chat_id = {AccessWorld.Theirs} ORDER BY id");

    private async Task<string> TextAsync(string sql)
    {
        await using var connection = await world.Gateway.Database.OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync()) rows.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
        return string.Join('\n', rows) + '\n';
    }
}
