using Gateway.Access;

namespace Gateway.Tests.Access;

public sealed class SecretBoxTests
{
    private const string Token = "123456:AAHtoken";

    private readonly SecretBox box = new(new KeyRing(MasterKey.Create()));

    [Fact]
    public void Secret_SealedAndOpened_IsItself()
    {
        Assert.Equal(SecretBoxStatus.Opened, box.Open(box.Seal(Token, SecretBox.BotToken(1)), SecretBox.BotToken(1), out var opened));
        Assert.Equal(Token, opened);
    }

    [Fact]
    public void Secret_InAnotherBotsRow_DoesNotOpen() =>
        Assert.Equal(SecretBoxStatus.Damaged, box.Open(box.Seal(Token, SecretBox.BotToken(1)), SecretBox.BotToken(2), out _));

    [Fact]
    public void Secret_UnderAnotherMasterKey_SaysSo() =>
        Assert.Equal(
            SecretBoxStatus.OtherMasterKey,
            new SecretBox(new KeyRing(MasterKey.Create())).Open(box.Seal(Token, SecretBox.BotToken(1)), SecretBox.BotToken(1), out _));

    [Fact]
    public void Secret_WithAnyByteChanged_DoesNotOpen()
    {
        var good = box.Seal(Token, SecretBox.BotToken(1));
        for (var i = 0; i < good.Length; i++)
        {
            var changed = (byte[])good.Clone();
            changed[i] ^= 1;
            Assert.NotEqual(SecretBoxStatus.Opened, box.Open(changed, SecretBox.BotToken(1), out var opened));
            Assert.Equal("", opened);
        }
    }

    [Fact]
    public void Secret_CutAnywhere_DoesNotOpen()
    {
        var good = box.Seal(Token, SecretBox.BotToken(1));
        for (var length = 0; length < good.Length; length++) Assert.NotEqual(SecretBoxStatus.Opened, box.Open(good.AsSpan(0, length), SecretBox.BotToken(1), out _));
    }
}
