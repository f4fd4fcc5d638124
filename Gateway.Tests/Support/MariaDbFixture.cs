using Xunit;

namespace Gateway.Tests.Support;

/// <summary>
/// One MariaDB for all test classes of the collection <see cref="MariaDbCollection"/>; each takes a fresh database by
/// <see cref="CreateUrlAsync"/>. With <c>GATEWAY_TEST_MYSQL=mysql://user:password@host:port/any</c> that server is used instead.
/// Tests that stop or kill the server start a <see cref="MariaDbServer"/> of their own.
/// </summary>
public sealed class MariaDbFixture : IAsyncLifetime
{
    private MariaDbServer? server;
    private SharedServer? shared;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("GATEWAY_TEST_MYSQL") is { Length: > 0 } url)
        {
            shared = new SharedServer(new Uri(url));
        }
        else
        {
            server = await MariaDbServer.StartAsync();
        }
    }

    /// <summary>The <c>mysql://</c> address of a new, empty database.</summary>
    public async Task<string> CreateUrlAsync() =>
        server is not null ? server.UrlOf(await server.CreateDatabaseAsync()) : await shared!.CreateUrlAsync();

    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        if (shared is not null)
        {
            await shared.DropAllAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class MariaDbCollection : ICollectionFixture<MariaDbFixture>
{
    public const string Name = "MariaDB";
}
