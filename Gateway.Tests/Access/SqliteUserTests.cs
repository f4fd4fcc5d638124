namespace Gateway.Tests.Access;

public sealed class SqliteUserTests : UserSuite
{
    private protected override Task<SessionFixture> OpenAsync() => SessionFixture.CreateAsync();
}
