namespace Gateway.Tests.Access;

public sealed class SqliteChatReadingTests : ChatReadingSuite
{
    private protected override Task<AccessFixture> OpenAsync() => AccessFixture.CreateAsync();
}
