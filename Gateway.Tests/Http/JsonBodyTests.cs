using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http;

/// <summary>Bodies over a real server: what is wrong is said by field, all of it at once, and never repeated.</summary>
public sealed class JsonBodyTests
{
    private static readonly JsonShape Shape = new(
        "Thing",
        new JsonField("name", JsonKind.String, "") { IsRequired = true, MinLength = 1, MaxLength = 8 },
        new JsonField("note", JsonKind.String, "") { IsNullable = true, MaxLength = 1000 },
        new JsonField("count", JsonKind.Integer, "") { Minimum = 0, Maximum = 10 },
        new JsonField("is_on", JsonKind.Boolean, ""),
        new JsonField("at", JsonKind.Time, ""),
        new JsonField("mode", JsonKind.String, "") { Values = ["a", "b"] },
        new JsonField("scopes", JsonKind.String, "") { IsList = true, MaxLength = 4 });

    private static async Task EchoAsync(Exchange exchange)
    {
        if (await JsonBody.ReadAsync(exchange, Shape) is not { } body) return;
        await JsonReply.WriteAsync(exchange, 200, body, static (json, read) =>
        {
            json.WriteStartObject();
            json.WriteString("name", read.String("name"));
            json.WriteBoolean("has_note", read.Has("note"));
            json.WriteString("note", read.String("note"));
            json.WriteNumber("count", read.Long("count") ?? -1);
            json.WriteString("is_on", read.Bool("is_on")?.ToString());
            json.WriteString("at", read.Time("at")?.ToString("O"));
            json.WriteString("scopes", string.Join(',', read.Strings("scopes") ?? []));
            json.WriteEndObject();
        });
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(string body, string contentType = "application/json")
    {
        var door = new FrontDoor(new Router([new HttpRoute("POST", "/thing", EchoAsync, "thing") { Needs = RouteNeeds.Public }]), NullLogger<FrontDoor>.Instance);
        await using var server = await LoopbackServer.StartAsync(door.HandleAsync);
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType);
        using var response = await server.Client.PostAsync("/thing", content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Read_BodyOfItsShape_IsTaken()
    {
        var (status, text) = await PostAsync("""{"name":"ä","note":null,"count":10,"is_on":true,"at":"2026-02-09T13:00:00+01:00","mode":"b","scopes":["x","yy"]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"name":"ä","has_note":true,"note":null,"count":10,"is_on":"True","at":"2026-02-09T12:00:00.0000000+00:00","scopes":"x,yy"}""", text);
    }

    [Theory]
    [InlineData("""{"name":"a","nmae":1}""", "nmae", "is not known here")]
    [InlineData("""{"name":"a","name":"b"}""", "name", "is given twice")]
    [InlineData("""{}""", "name", "is missing")]
    [InlineData("", "name", "is missing")]
    [InlineData("""{"name":""}""", "name", "has 1 to 8 characters")]
    [InlineData("""{"name":"123456789"}""", "name", "has 1 to 8 characters")]
    [InlineData("""{"name":7}""", "name", "must be a string")]
    [InlineData("""{"name":null}""", "name", "must not be null")]
    [InlineData("""{"name":"a\u0000b"}""", "name", "must not have control characters")]
    [InlineData("""{"name":"a\r\nb"}""", "name", "must not have control characters")]
    [InlineData("""{"name":"\ud800"}""", "name", "is not valid Unicode")]
    [InlineData("""{"name":"a","\ud800":1}""", "?", "is not valid Unicode")]
    [InlineData("""{"name":"a","count":11}""", "count", "must be 0 to 10")]
    [InlineData("""{"name":"a","count":1.5}""", "count", "must be an integer")]
    [InlineData("""{"name":"a","count":"1"}""", "count", "must be an integer")]
    [InlineData("""{"name":"a","count":99999999999999999999}""", "count", "must be an integer")]
    [InlineData("""{"name":"a","is_on":"true"}""", "is_on", "must be true or false")]
    [InlineData("""{"name":"a","at":"yesterday"}""", "at", "must be a time as 2026-02-09T12:00:00Z")]
    [InlineData("""{"name":"a","at":"02/09/2026 12:00:00 +00:00"}""", "at", "must be a time as 2026-02-09T12:00:00Z")]
    [InlineData("""{"name":"a","mode":"c"}""", "mode", "must be one of a, b")]
    [InlineData("""{"name":"a","scopes":"x"}""", "scopes", "must be a list")]
    [InlineData("""{"name":"a","scopes":["x",1]}""", "scopes", "each: must be a string")]
    public async Task Read_FieldThatIsWrong_IsNamedWithItsProblem(string body, string field, string problem)
    {
        var (status, text) = await PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = JsonDocument.Parse(text).RootElement;
        Assert.Equal("VALIDATION_FAILED", error.GetProperty("code").GetString());
        var told = Assert.Single(error.GetProperty("details").GetProperty("fields").EnumerateObject());
        Assert.Equal((field, problem), (told.Name, told.Value.GetString()));
    }

    [Fact]
    public async Task Read_SeveralFieldsWrong_AreAllToldAndNoValueIsRepeated()
    {
        var (_, text) = await PostAsync("""{"<script>":"s3cret","count":-1,"mode":"s3cret"}""");

        var fields = JsonDocument.Parse(text).RootElement.GetProperty("details").GetProperty("fields");
        Assert.Equal(["?script?", "count", "mode", "name"], fields.EnumerateObject().Select(each => each.Name));
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "INVALID_JSON")]
    [InlineData("null", "INVALID_JSON")]
    [InlineData("{\"name\":\"s3cret", "INVALID_JSON")]
    [InlineData("{\"name\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", "INVALID_JSON")]
    public async Task Read_NotAnObjectOfItsShape_SaysWhatIsWrong(string body, string code)
    {
        var (status, text) = await PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(code, JsonDocument.Parse(text).RootElement.GetProperty("code").GetString());
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_BodyOverTheBound_Is413()
    {
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("{\"name\":\"a\"}" + new string(' ', Limits.Http.JsonBodyBytes - 12))).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync("{\"name\":\"a\"}" + new string(' ', Limits.Http.JsonBodyBytes - 11))).Status);
    }

    [Fact]
    public async Task Read_ListOverTheBound_IsRefusedByField()
    {
        string Body(int count) => $$"""{"name":"a","scopes":[{{string.Join(',', Enumerable.Repeat("\"x\"", count))}}]}""";
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Body(Limits.Http.JsonListEntries))).Status);
        Assert.Contains("\"scopes\":\"has more than", (await PostAsync(Body(Limits.Http.JsonListEntries + 1))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OtherContentType_Is415() =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await PostAsync("name=a", "application/x-www-form-urlencoded")).Status);
}
