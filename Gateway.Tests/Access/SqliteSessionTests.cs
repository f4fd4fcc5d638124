namespace Gateway.Tests.Access;

public sealed class SqliteSessionTests : SessionSuite
{
    private protected override Task<SessionFixture> OpenAsync() => SessionFixture.CreateAsync();
}
