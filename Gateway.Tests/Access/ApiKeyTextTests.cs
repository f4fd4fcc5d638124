using Gateway.Access;

namespace Gateway.Tests.Access;

public sealed class ApiKeyTextTests
{
    private readonly KeyRing keys = new(MasterKey.Create());

    [Theory]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(long.MaxValue)]
    public void Key_JustMade_NamesItsId(long id) => Assert.Equal(id, ApiKeyText.ReadId(ApiKeyText.Create(id, keys), keys));

    [Fact]
    public void Key_AnyCharacterChanged_FailsItsTag()
    {
        var text = ApiKeyText.Create(7, keys);
        for (var i = 0; i < text.Length; i++)
        {
            // 'A' and 'Q' differ in the bits that count even in the last character, whose low bits are padding.
            var changed = text[..i] + (text[i] == 'A' ? 'Q' : 'A') + text[(i + 1)..];
            Assert.Equal(0, ApiKeyText.ReadId(changed, keys));
        }
    }

    [Fact]
    public void Key_OfAnotherMasterKey_FailsItsTag() =>
        Assert.Equal(0, ApiKeyText.ReadId(ApiKeyText.Create(7, new KeyRing(MasterKey.Create())), keys));

    [Fact]
    public void Key_UnderAnotherId_FailsItsTag() =>
        Assert.Equal(0, ApiKeyText.ReadId(ApiKeyText.Create(7, keys).Replace("tgw_7_", "tgw_8_", StringComparison.Ordinal), keys));

    [Theory]
    [InlineData("")]
    [InlineData("tgw_")]
    [InlineData("tgw_1")]
    [InlineData("tgw__x")]
    [InlineData("tgw_-1_AAAA")]
    [InlineData("tgw_99999999999999999999_AAAA")]
    [InlineData("Bearer tgw_1_x")]
    [InlineData("123456:AAHbottokenbottokenbottokenbottoken")]
    public void Text_WithoutTheForm_IsNoKey(string text) => Assert.Equal(0, ApiKeyText.ReadId(text, keys));

    /// <summary>The runtime's TryDecodeFromChars throws at such characters, and the request would be answered 500.</summary>
    [Theory]
    [InlineData('!')]
    [InlineData('=')]
    [InlineData(' ')]
    [InlineData('é')]
    public void Text_WithACharacterOutsideBase64Url_IsNoKey(char outside)
    {
        var text = ApiKeyText.Create(7, keys);
        for (var at = "tgw_7_".Length; at < text.Length; at++) Assert.Equal(0, ApiKeyText.ReadId(text[..at] + outside + text[(at + 1)..], keys));
    }

    [Fact]
    public void Text_LongerThanAnyKey_IsNoKey() => Assert.Equal(0, ApiKeyText.ReadId("tgw_1_" + new string('A', 1_000_000), keys));
}
