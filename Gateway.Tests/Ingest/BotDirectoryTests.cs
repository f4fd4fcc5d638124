using Gateway.Ingest;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Ingest;

public sealed class BotDirectoryTests : IAsyncLifetime
{
    private BotTable table = null!;

    public async Task InitializeAsync()
    {
        table = await BotTable.CreateAsync();
        await table.AddAsync(111, "111:token-a", "secret-a", secretToken: "registered");
        await table.AddAsync(222, "222:token-b", "secret-b", "poll", baseUrl: "http://127.0.0.1:8081");
    }

    public Task DisposeAsync() => table.DisposeAsync().AsTask();

    private BotDirectory New(bool acceptTokens = true) => new(table.Database, acceptTokens, new RecordedLog<BotDirectory>());

    [Fact]
    public async Task Find_SecretOrToken_NamesTheBot()
    {
        var bots = New();
        Assert.Null(bots.Current.Find("secret-a"));
        Assert.True(await bots.ReloadAsync(default));
        Assert.Equal((111L, BotMode.Webhook), (bots.Current.Find("secret-a")!.TelegramId, bots.Current.Find("secret-a")!.Mode));
        Assert.Same(bots.Current.Find("secret-b"), bots.Current.Find("222:token-b"));
        Assert.Equal((BotMode.Poll, "http://127.0.0.1:8081"), (bots.Current.Find("secret-b")!.Mode, bots.Current.Find("secret-b")!.BaseUrl));
        foreach (var other in new[] { "", "secret", "secret-A", "secret-a ", "111:token-b", "\ud800", new string('x', 5000) })
        {
            Assert.Null(bots.Current.Find(other));
        }
    }

    [Fact]
    public async Task Find_TokensSwitchedOff_OnlyKnowsSecrets()
    {
        var bots = New(acceptTokens: false);
        await bots.ReloadAsync(default);
        Assert.NotNull(bots.Current.Find("secret-a"));
        Assert.Null(bots.Current.Find("111:token-a"));
    }

    [Fact]
    public async Task Find_BotThatWasGivenBack_IsNoBot()
    {
        var bots = New();
        await table.ExecuteAsync("UPDATE bots SET mode = 'removed' WHERE telegram_id = 111");
        await bots.ReloadAsync(default);
        Assert.Null(bots.Current.Find("secret-a"));
        Assert.Null(bots.Current.Find("111:token-a"));
        Assert.NotNull(bots.Current.Find("secret-b"));
    }

    [Fact]
    public async Task Reload_DatabaseAway_KeepsTheBotsAndSaysNotCurrent()
    {
        var bots = New();
        Assert.False(bots.IsCurrent);
        await bots.ReloadAsync(default);
        Assert.True(bots.IsCurrent);
        await table.ExecuteAsync("ALTER TABLE bots RENAME TO gone");
        Assert.False(await bots.OnControlChangedAsync(2, default));
        Assert.False(bots.IsCurrent);
        Assert.NotNull(bots.Current.Find("secret-a"));
        await table.ExecuteAsync("ALTER TABLE gone RENAME TO bots");
        Assert.True(await bots.OnControlChangedAsync(3, default));
        Assert.True(bots.IsCurrent);
    }

    [Fact]
    public async Task WaitForChange_CompletesAtTheNextLoad()
    {
        var bots = New();
        var seen = bots.Current;
        var change = bots.WaitForChangeAsync(seen);
        Assert.False(change.IsCompleted);
        await bots.ReloadAsync(default);
        await change.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(bots.WaitForChangeAsync(seen).IsCompleted);
        Assert.False(bots.WaitForChangeAsync(bots.Current).IsCompleted);
    }
}
