using Gateway.Telemetry;

namespace Gateway.Tests.Telemetry;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("GET https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe failed", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")]
    [InlineData("key tgw_17_4vdu6MrSQ0qU_mzu-LYPTzjX0ojzgbO70336p8wJxXgcp_BlSPuVTA was refused", "4vdu6MrSQ0qU")]
    [InlineData("POST /telegram/webhook/s3cr3t-path 500", "s3cr3t-path")]
    [InlineData("POST /api/v1/telegram/webhook/s3cr3t-path?x=1", "s3cr3t-path")]
    [InlineData("token tgr_4vdu6MrSQ0qUmzuLYPTzjX0 came again", "4vdu6MrSQ0qU")]
    [InlineData("ticket tgt_4vdu6MrSQ0qUmzuLYPTzjX0", "4vdu6MrSQ0qU")]
    [InlineData("IDX10223: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl is expired", "c2lnbmF0dXJl")]
    [InlineData("/api/v1/ws?all=true&ticket=s3cr3t", "s3cr3t")]
    [InlineData("/api/v1/ws?all=true&api_key=s3cr3t", "s3cr3t")]
    [InlineData("/api/v1/ws?token=s3cr3t&all=true", "s3cr3t")]
    [InlineData("mysql://gateway:s3cr3t@db:3306/gateway", "s3cr3t")]
    [InlineData("Server=db;User ID=gateway;Password=s3cr3t;Database=x", "s3cr3t")]
    [InlineData("Authorization: Bearer s3cr3t", "s3cr3t")]
    public void Text_WithASecret_IsWrittenWithoutIt(string text, string secret)
    {
        var clean = Redaction.Clean(text);
        Assert.DoesNotContain(secret, clean, StringComparison.Ordinal);
        Assert.Contains(Redaction.Mark, clean, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Listening on http://127.0.0.1:8080; storage /srv/data/gateway.db")]
    [InlineData("The database can be written, head r93e0kfh-1000123")]
    [InlineData("2026-02-09T12:00:00Z took 00:00:01.5")]
    public void Text_WithoutASecret_StaysAsItIs(string text) => Assert.Equal(text, Redaction.Clean(text));
}
