using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Tests.Access;

public sealed class ApiKeyHasherTests : IDisposable
{
    private readonly ApiKeyHasher hasher = new();

    [Fact]
    public async Task Hash_OfTheSameText_MatchesOnlyThatText()
    {
        var stored = await hasher.HashAsync("tgw_1_right");

        Assert.StartsWith($"$argon2id$v=19$m={Limits.Access.Argon2MemoryKiB},t={Limits.Access.Argon2Passes},p=1$", stored, StringComparison.Ordinal);
        Assert.True(await hasher.VerifyAsync("tgw_1_right", stored));
        Assert.False(await hasher.VerifyAsync("tgw_1_wrong", stored));
    }

    [Fact]
    public async Task Hash_MadeWithOlderParameters_StillMatches() =>
        // From the reference implementation: argon2 "somesalt" -id -t 2 -m 8 -p 1 -l 32 over "password".
        Assert.True(await hasher.VerifyAsync("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA")]
    [InlineData("$argon2id$v=19$m=,t=1,p=1$c29tZXNhbHQ$AAAA")]
    public async Task StoredText_ThatIsNoHash_MatchesNothing(string stored) => Assert.False(await hasher.VerifyAsync("", stored));

    public void Dispose() => hasher.Dispose();
}
