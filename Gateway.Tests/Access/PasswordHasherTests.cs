using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Tests.Access;

public sealed class PasswordHasherTests : IDisposable
{
    private readonly PasswordHasher hasher = new();

    public void Dispose() => hasher.Dispose();

    [Fact]
    public async Task Verify_RightAndWrong_AreTold()
    {
        var hash = await hasher.HashAsync("correct horse");

        Assert.StartsWith($"$2a${Limits.Access.PasswordWorkFactor}$", hash, StringComparison.Ordinal);
        Assert.Equal(PasswordVerdict.Right, await hasher.VerifyAsync("correct horse", hash));
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync("Correct horse", hash));
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync("", hash));
    }

    [Fact]
    public async Task Verify_Nobody_IsWrongWhateverIsGiven()
    {
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync("correct horse", null));
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync("", null));
    }

    [Fact]
    public async Task Verify_LongerThanBCryptReads_IsWrongAlthoughItsBeginningIsRight()
    {
        var longest = new string('x', Limits.Access.PasswordMostBytes);
        var hash = await hasher.HashAsync(longest);

        Assert.Equal(PasswordVerdict.Right, await hasher.VerifyAsync(longest, hash));
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync(longest + "y", hash));
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync(new string('x', 60_000), hash));
    }

    [Theory]
    [InlineData("1234567", false)]
    [InlineData("12345678", true)]
    [InlineData("äöüß", true)]
    [InlineData("with\0zero", false)]
    public void Problem_ByLengthInBytes_IsTold(string password, bool isGood) => Assert.Equal(isGood, PasswordHasher.Problem(password) is null);

    [Fact]
    public void Problem_At72Bytes_BeginsWithOneMore()
    {
        Assert.Null(PasswordHasher.Problem(new string('x', Limits.Access.PasswordMostBytes)));
        Assert.NotNull(PasswordHasher.Problem(new string('x', Limits.Access.PasswordMostBytes + 1)));
        Assert.NotNull(PasswordHasher.Problem(new string('ä', (Limits.Access.PasswordMostBytes / 2) + 1)));
    }

    [Fact]
    public async Task Verify_MoreThanMayWait_CannotBeCheckedNow()
    {
        // A cheap hash: the bound is on their number, not on their time.
        var cheap = BCrypt.Net.BCrypt.HashPassword("correct horse", 4);
        var checks = Enumerable.Range(0, Limits.Access.WaitingPasswordChecks + 200).Select(_ => hasher.VerifyAsync("correct horse", cheap)).ToList();
        var verdicts = await Task.WhenAll(checks);

        Assert.Contains(PasswordVerdict.Unavailable, verdicts);
        Assert.InRange(verdicts.Count(verdict => verdict == PasswordVerdict.Right), Limits.Access.WaitingPasswordChecks, verdicts.Length - 1);
        Assert.Equal(PasswordVerdict.Right, await hasher.VerifyAsync("correct horse", cheap));
    }
}
