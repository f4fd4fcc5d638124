using System.Text;
using Gateway.Deliver;
using Gateway.Deliver.Sse;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Gateway.Tests.Deliver;

public sealed class SubscriptionRequestTests
{
    private static SubscriptionParse Json(string json) => SubscriptionRequestJson.Parse(Encoding.UTF8.GetBytes(json));

    private static SubscriptionParse Query(string query) => SubscriptionRequestQuery.Parse(new QueryCollection(QueryHelpers.ParseQuery(query)));

    [Fact]
    public void Json_EveryField_IsRead()
    {
        var request = Json("""
            {"action":"subscribe","id":"a","chat_ids":[1,"tg:2:-1005"],"bot_ids":[3],"thread_ids":[4],"commands":["/start","help"],
             "from_user_ids":[99],"types":["new_message"],"direction":"both","exclude_own":true,"include":["update"],"after":7,"log_id":"abcdefgh","since":null}
            """).Request!;

        Assert.Equal([new ChatReference(1, 0, 0), new ChatReference(0, 2, -1005)], request.Chats);
        Assert.Equal([3], request.BotIds);
        Assert.Equal([4], request.ThreadIds);
        Assert.Equal(["start", "help"], request.Commands);
        Assert.Equal([99], request.FromUserIds);
        Assert.Equal(["new_message"], request.Types);
        Assert.Equal(("a", Direction.Both, true, true, 7L, "abcdefgh"),
            (request.Id, request.Direction, request.ExcludeOwn, request.IncludeUpdate, request.After, request.LogId));
    }

    [Fact]
    public void Query_ListsByCommaAndRepeated_AreOne()
    {
        var request = Query("?chat_id=1,2&chat_id=tg:1:-5&include=update&since=2026-01-01T00:00:00%2B01:00&token=secret").Request!;

        Assert.Equal(3, request.Chats.Count);
        Assert.Equal(SubscriptionRequest.DefaultId, request.Id);
        Assert.Equal(new DateTimeOffset(2025, 12, 31, 23, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), request.SinceMs);
    }

    [Theory]
    [InlineData("""{"id":"a"}""", "INVALID_SELECTOR")]
    [InlineData("""{"all":true,"chat_id":1}""", "INVALID_SELECTOR")]
    [InlineData("""{"chat_id":0}""", "INVALID_SELECTOR")]
    [InlineData("""{"chat_id":-5}""", "INVALID_SELECTOR")]
    [InlineData("""{"chat_id":"tg:1"}""", "INVALID_SELECTOR")]
    [InlineData("""{"chat_id":1.5}""", "INVALID_FIELD")]
    [InlineData("""{"chat_id":[1]}""", "INVALID_FIELD")]
    [InlineData("""{"chat_ids":[[1]]}""", "INVALID_FIELD")]
    [InlineData("""{"all":"yes"}""", "INVALID_SELECTOR")]
    [InlineData("""{"all":true,"direction":"up"}""", "INVALID_SELECTOR")]
    [InlineData("""{"all":true,"include":["raw"]}""", "INVALID_SELECTOR")]
    [InlineData("""{"all":true,"types":[""]}""", "INVALID_SELECTOR")]
    [InlineData("""{"all":true,"after":-1}""", "INVALID_START")]
    [InlineData("""{"all":true,"after":1,"from":"earliest"}""", "INVALID_START")]
    [InlineData("""{"all":true,"log_id":"abcdefgh"}""", "INVALID_START")]
    [InlineData("""{"all":true,"since":"yesterday"}""", "INVALID_START")]
    [InlineData("""{"all":true,"from":"now"}""", "INVALID_START")]
    [InlineData("""{"all":true,"id":""}""", "INVALID_ID")]
    [InlineData("""{"all":true,"chatid":null}""", "UNKNOWN_FIELD")]
    [InlineData("""{"all":true""", "INVALID_JSON")]
    [InlineData("""[1]""", "INVALID_JSON")]
    [InlineData("", "INVALID_JSON")]
    [InlineData("{\"id\":\"\\ud800\",\"all\":true}", "INVALID_JSON")]
    public void Json_Invalid_IsRefusedWithItsCode(string json, string code) => Assert.Equal(code, Json(json).Error?.Code);

    /// <summary>Regression: an empty list narrowed nothing, so <c>"types":[]</c> delivered every event. A list of nulls was the same.</summary>
    [Theory]
    [InlineData("types")]
    [InlineData("thread_ids")]
    [InlineData("from_user_ids")]
    [InlineData("commands")]
    [InlineData("chat_ids")]
    [InlineData("bot_ids")]
    public void Json_ListThatIsEmpty_IsRefusedAndDoesNotWiden(string name)
    {
        Assert.Equal("INVALID_SELECTOR", Json($$"""{"all":true,"{{name}}":[]}""").Error?.Code);
        Assert.Equal("INVALID_SELECTOR", Json($$"""{"chat_id":1,"{{name}}":[]}""").Error?.Code);
        Assert.Equal("INVALID_FIELD", Json($$"""{"chat_id":1,"{{name}}":[null]}""").Error?.Code);
        Assert.Equal("INVALID_SELECTOR", Query($"?chat_id=1&{name}=").Error?.Code);
        // An absent member written as null stays absent.
        Assert.Null(Json($$"""{"chat_id":1,"{{name}}":null}""").Error);
    }

    [Fact]
    public void Json_EmptyInclude_IncludesNothing() => Assert.False(Json("""{"all":true,"include":[]}""").Request!.IncludeUpdate);

    [Fact]
    public void Json_EmptyListOfAnUnknownName_IsRefused() => Assert.Equal("UNKNOWN_FIELD", Json("""{"all":true,"chatids":[]}""").Error?.Code);

    /// <summary>Regression: of two positions the last won, silently.</summary>
    [Theory]
    [InlineData(""" "after":0,"after":8 """)]
    [InlineData(""" "id":"a","id":"b" """)]
    [InlineData(""" "from":"earliest","from":"latest" """)]
    [InlineData(""" "after":null,"after":8 """)]
    [InlineData(""" "types":["poll"],"types":["new_message"] """)]
    [InlineData(""" "all":true """)]
    public void Json_MemberGivenTwice_IsRefused(string members) =>
        Assert.Equal("INVALID_FIELD", Json("{\"all\":true," + members + "}").Error?.Code);

    /// <summary>Regression: as above. Lists may repeat in a URL, where a comma and a repetition are the same.</summary>
    [Theory]
    [InlineData("after=1&after=9")]
    [InlineData("after=1&AFTER=9")]
    [InlineData("after=1,9")]
    [InlineData("from=earliest&from=latest")]
    [InlineData("all=true")]
    [InlineData("since=2026-01-01&since=2026-01-02")]
    [InlineData("after=1&log_id=abcdefgh&log_id=abcdefgi")]
    [InlineData("direction=both&direction=incoming")]
    [InlineData("exclude_own=true&exclude_own=false")]
    [InlineData("id=a&id=b")]
    public void Query_ScalarGivenTwice_IsRefused(string members)
    {
        Assert.Equal("INVALID_FIELD", Query($"?all=true&{members}").Error?.Code);
        Assert.Null(Query("?chat_id=1&chat_id=2&types=poll&types=new_message").Error);
    }

    /// <summary>Regression: two headers were read as one, and the second's seq taken.</summary>
    [Fact]
    public void LastEventId_GivenTwice_IsRefused()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["Last-Event-ID"] = new StringValues(["a-1", "b-2"]);
        Assert.Equal("INVALID_START", LastEventId.Apply(Query("?all=true"), context.Request).Error?.Code);
    }

    [Fact]
    public void Lists_AtTheirBound_PassAndOneMoreDoesNot()
    {
        static string Chats(int count) => $$"""{"chat_ids":[{{string.Join(',', Enumerable.Range(1, count))}}]}""";

        Assert.Null(Json(Chats(Limits.Deliver.SelectorEntries)).Error);
        Assert.Equal("INVALID_SELECTOR", Json(Chats(Limits.Deliver.SelectorEntries + 1)).Error!.Code);
        Assert.Equal("INVALID_ID", Json($$"""{"all":true,"id":"{{new string('a', Limits.Deliver.SubscriptionIdChars + 1)}}"}""").Error!.Code);
        Assert.Equal("INVALID_START", Json($$"""{"all":true,"after":1,"log_id":"{{new string('a', Limits.Deliver.LogIdChars + 1)}}"}""").Error!.Code);
    }
}
