using System.Text;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Messages;

public sealed class MigrationPayloadTests
{
    [Fact]
    public void Read_WhatWasEncoded_IsTheSame()
    {
        var payload = new MigrationPayload(7, 9, 41);
        Assert.Equal("""{"from_chat_id":7,"to_chat_id":9,"first_seq":41}""", Encoding.UTF8.GetString(payload.Encode()));
        Assert.Equal(payload, MigrationPayload.Read(payload.Encode()));
    }

    /// <summary>Events of before the first seq was told are in logs for as long as retention keeps them; later ones may say more.</summary>
    [Theory]
    [InlineData("""{"from_chat_id":7,"to_chat_id":9}""")]
    [InlineData("""{"later":{"first_seq":null},"to_chat_id":9,"from_chat_id":7}""")]
    public void Read_OfAnotherVersion_HasNoFirstSeq(string json) =>
        Assert.Equal(new MigrationPayload(7, 9, 0), MigrationPayload.Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"from_chat_id":7}""")]
    [InlineData("""{"to_chat_id":9,"first_seq":41}""")]
    [InlineData("""{"from_chat_id":"7","to_chat_id":9}""")]
    public void Read_WithoutTwoChats_IsNothing(string json) => Assert.Null(MigrationPayload.Read(Encoding.UTF8.GetBytes(json)));
}
