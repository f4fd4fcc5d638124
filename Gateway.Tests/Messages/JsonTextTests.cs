using System.Text;
using Gateway.Messages;
using Xunit;

namespace Gateway.Tests.Messages;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("plain ü 😀", "plain ü 😀")]
    [InlineData("""a\"b\\c\/d\b\f\n\r\t""", "a\"b\\c/d\b\f\n\r\t")]
    [InlineData("""\u0041\u00fc\ud83d\ude00\u0000""", "Aü😀\0")]
    [InlineData("""\ud83d""", "\uFFFD")]
    [InlineData("""\ud83dx""", "\uFFFDx")]
    [InlineData("""\ud83d\u0041""", "\uFFFDA")]
    [InlineData("""\ude00\ud83d\ude00""", "\uFFFD😀")]
    [InlineData("""\q""", "\uFFFD")]
    [InlineData("""\u12""", "\uFFFD12")]
    [InlineData("""x\""", "x\uFFFD")]
    public void Decode_Escapes_AreResolved(string raw, string text) => Assert.Equal(text, JsonText.Decode(Encoding.UTF8.GetBytes(raw)));

    [Fact]
    public void Decode_AnyBytes_GivesValidTextWithinItsBound()
    {
        var random = new Random(7);
        for (var i = 0; i < 2_000; i++)
        {
            var raw = new byte[random.Next(40)];
            for (var j = 0; j < raw.Length; j++) raw[j] = random.Next(3) == 0 ? (byte)"\\uD8a0"[random.Next(6)] : (byte)random.Next(256);
            var text = new byte[JsonText.MaxDecodedBytes(raw.Length)];
            var length = JsonText.Decode(raw, text);
            Assert.True(System.Text.Unicode.Utf8.IsValid(text.AsSpan(0, length)));
        }
    }
}
