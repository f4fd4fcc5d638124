using Gateway.Access;

namespace Gateway.Tests.Access;

public sealed class KeyRingTests
{
    private readonly MasterKey older = MasterKey.Create();
    private readonly MasterKey newer = MasterKey.Create();

    [Fact]
    public void WithPrevious_WhatEitherMade_IsRead()
    {
        var before = new KeyRing(older);
        var both = new KeyRing(newer, older);
        var key = ApiKeyText.Create(7, before);
        var cipher = new SecretBox(before).Seal("the token", "context");

        Assert.Equal(7, ApiKeyText.ReadId(key, both));
        Assert.Equal(SecretBoxStatus.Opened, new SecretBox(both).Open(cipher, "context", out var secret));
        Assert.Equal("the token", secret);
        Assert.Contains(both.SigningKeys, each => each.Id == before.SigningKeys[0].Id && each.Bytes.SequenceEqual(before.SigningKeys[0].Bytes));
    }

    [Fact]
    public void WithPrevious_NewThings_AreMadeWithTheCurrentOne()
    {
        var after = new KeyRing(newer);
        var both = new KeyRing(newer, older);
        var box = new SecretBox(both);
        var cipher = box.Seal("the token", "context");

        Assert.Equal(3, ApiKeyText.ReadId(ApiKeyText.Create(3, both), after));
        Assert.Equal(SecretBoxStatus.Opened, new SecretBox(after).Open(cipher, "context", out _));
        Assert.False(box.IsOfAnotherKey(cipher));
        Assert.Equal(after.SigningKeys[0].Id, both.SigningKeys[0].Id);
    }

    [Fact]
    public void Retired_OfAnEarlierKey_ChecksButOpensNothing()
    {
        var before = new KeyRing(older);
        var after = new KeyRing(newer).With(new KeyRing(newer, older).Retire());
        var cipher = new SecretBox(before).Seal("the token", "context");

        Assert.Equal(9, ApiKeyText.ReadId(ApiKeyText.Create(9, before), after));
        Assert.Equal(2, after.SigningKeys.Count);
        Assert.Equal(SecretBoxStatus.OtherMasterKey, new SecretBox(after).Open(cipher, "context", out _));
        Assert.True(new SecretBox(after).IsOfAnotherKey(cipher));
    }

    [Fact]
    public void Previous_ThatIsTheSameKey_IsNone()
    {
        var ring = new KeyRing(older, older);
        Assert.Null(ring.PreviousId);
        Assert.Empty(ring.Retire());
        Assert.Single(ring.ApiKeyTags);
    }
}
