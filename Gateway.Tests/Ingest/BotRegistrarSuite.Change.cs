using Gateway.Ingest;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Ingest;

/// <summary>What happens to a bot that is there.</summary>
public abstract partial class BotRegistrarSuite
{
    [Fact]
    public async Task Change_Token_MustBeOfTheSameBotAndTelegramIsToldAgain()
    {
        var bot = await AddAsync(PublicUrl);
        const string next = "111:the-next-token-of-the-bot", other = "112:the-token-of-another-bot";
        made.AddRange([next, other]);
        Assert.Equal(BotChangeStatus.TokenRejected, (await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Token = next }, default)).Status);
        telegram.Tokens[other] = 112;
        Assert.Equal(BotChangeStatus.TokenOfAnotherBot, (await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Token = other }, default)).Status);
        Assert.Equal(bot, await Queries.FindAsync(bot.Id, null, default));

        telegram.Tokens[next] = 111;
        telegram.Tokens.TryRemove(FakeTelegram.Token, out _);
        var changed = await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Token = next }, default);
        Assert.Equal((BotChangeStatus.Done, null), (changed.Status, changed.Detail));
        Assert.Equal(next, (await Queries.OpenAsync(bot.Id, default))!.Token);
        Assert.Equal(2, telegram.Count("setWebhook"));
    }

    [Fact]
    public async Task Change_WebhookToPollAndBack_MovesTheWebhook()
    {
        var bot = await AddAsync(PublicUrl);
        var url = telegram.WebhookUrl;
        var polled = await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Mode = BotModes.Poll }, default);
        Assert.Equal((BotModes.Poll, ""), (polled.Bot!.Mode, telegram.WebhookUrl));
        var back = await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Mode = BotModes.Webhook }, default);
        Assert.Equal((BotModes.Webhook, url), (back.Bot!.Mode, telegram.WebhookUrl));
        Assert.True(back.Bot.Revision > polled.Bot.Revision && polled.Bot.Revision > bot.Revision);
    }

    [Fact]
    public async Task Change_ModeWhileAnotherProgramHasTheWebhook_IsRefused()
    {
        var bot = await AddAsync(null, BotModes.Poll);
        telegram.WebhookUrl = "https://elsewhere.example/hook";
        Assert.Equal(BotChangeStatus.ForeignWebhook, (await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { Mode = BotModes.Webhook }, default)).Status);
        Assert.Equal(BotModes.Poll, (await Queries.FindAsync(bot.Id, null, default))!.Mode);
    }

    [Fact]
    public async Task Change_RotatedSecret_IsNewHereAndAtTelegram()
    {
        var bot = await AddAsync(PublicUrl);
        var before = (await Queries.OpenAsync(bot.Id, default))!;
        var changed = await Registrar(PublicUrl).ChangeAsync(Operator, bot.Id, new BotChange { RotateSecret = true }, default);
        var after = (await Queries.OpenAsync(bot.Id, default))!;
        made.AddRange([after.WebhookSecret!, after.SecretToken!]);
        Assert.Equal(after.WebhookSecret, changed.WebhookSecret);
        Assert.NotEqual(before.WebhookSecret, after.WebhookSecret);
        Assert.NotEqual(before.SecretToken, after.SecretToken);
        Assert.EndsWith(after.WebhookSecret!, telegram.WebhookUrl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_TelegramAwayWhereItMustBeTold_ChangesNothing()
    {
        var bot = await AddAsync(PublicUrl);
        var away = Registrar(PublicUrl, "http://127.0.0.1:1");
        Assert.Equal(BotChangeStatus.TelegramAway, (await away.ChangeAsync(Operator, bot.Id, new BotChange { RotateSecret = true }, default)).Status);
        Assert.Equal(bot, await Queries.FindAsync(bot.Id, null, default));
        Assert.True((await away.ChangeAsync(Operator, bot.Id, new BotChange { HasLabel = true, Label = "Ünïcode" }, default)).IsDone);
        Assert.Equal("Ünïcode", (await Queries.FindAsync(bot.Id, null, default))!.Label);
    }

    [Fact]
    public async Task Change_OfWhatTheCallerHasNotSeen_ChangesNothing()
    {
        var bot = await AddAsync(null);
        var change = new BotChange { HasLabel = true, Label = "mine", IsExpected = now => now.Revision == bot.Revision };
        // Two who read the same state and change it at once: the check is in the transaction.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Registrar().ChangeAsync(Operator, bot.Id, change, default))));
        Assert.Single(outcomes, each => each.Status == BotChangeStatus.Done);
        Assert.Equal(3, outcomes.Count(each => each.Status == BotChangeStatus.Changed));
    }

    [Fact]
    public async Task Tell_BotThatChangesMeanwhile_IsToldAgainAsItIs()
    {
        var bot = await AddAsync(PublicUrl);
        var hold = new TaskCompletionSource();
        telegram.Held["setWebhook"] = hold.Task;
        var telling = Registrar(PublicUrl).RegisterWebhookAsync(Operator, bot.Id, takeOver: false, default);
        await Poll.UntilAsync(() => telegram.Count("setWebhook") == 2, TimeSpan.FromSeconds(20), () => "setWebhook was not called");
        // Someone else moves it to polling, and his deleteWebhook arrives first.
        Assert.True((await Bots.ChangeAsync(Operator, bot.Id, new BotChange { Mode = BotModes.Poll }, null, default)).IsDone);
        hold.SetResult();
        var told = await telling;
        Assert.Equal((BotChangeStatus.Done, BotModes.Poll), (told.Status, told.Bot!.Mode));
        Assert.Equal("", telegram.WebhookUrl);
    }

    [Fact]
    public async Task RegisterWebhook_OfABotRegisteredByHand_GivesItASecretToken()
    {
        var bot = await AddAsync(null);
        telegram.WebhookUrl = $"https://by-hand.example/telegram/webhook/{made[0]}";
        Assert.Equal(BotChangeStatus.NoPublicUrl, (await Registrar().RegisterWebhookAsync(Operator, bot.Id, false, default)).Status);
        Assert.True((await Registrar(PublicUrl).RegisterWebhookAsync(Operator, bot.Id, takeOver: false, default)).IsDone);
        var token = telegram.Asked[^1].Parameters.GetProperty("secret_token").GetString();
        made.Add(token!);
        Assert.Equal(token, (await Queries.OpenAsync(bot.Id, default))!.SecretToken);
        Assert.Equal(BotChangeStatus.NotFound, (await Registrar(PublicUrl).RegisterWebhookAsync(Operator, 99, false, default)).Status);
    }

    [Fact]
    public async Task Resume_OfAWebhookBot_SetsTheWebhookAnew()
    {
        var bot = await AddAsync(PublicUrl);
        Assert.True((await Registrar(PublicUrl).SetPausedAsync(Operator, bot.Id, true, null, default)).Bot!.IsPaused);
        Assert.Equal(1, telegram.Count("setWebhook"));
        Assert.False((await Registrar(PublicUrl).SetPausedAsync(Operator, bot.Id, false, null, default)).Bot!.IsPaused);
        Assert.Equal(2, telegram.Count("setWebhook"));
        Assert.True((await Registrar(PublicUrl).SetPausedAsync(Operator, bot.Id, false, null, default)).IsDone);
        Assert.Equal(2, telegram.Count("setWebhook"));
    }

    [Fact]
    public async Task Resume_TelegramAway_ResumesAndSaysSo()
    {
        var bot = await AddAsync(PublicUrl);
        await Registrar(PublicUrl).SetPausedAsync(Operator, bot.Id, true, null, default);
        var resumed = await Registrar(PublicUrl, "http://127.0.0.1:1").SetPausedAsync(Operator, bot.Id, false, null, default);
        Assert.True(resumed.IsDone);
        Assert.Contains("Telegram cannot be asked", resumed.Detail, StringComparison.Ordinal);
        Assert.False((await Queries.FindAsync(bot.Id, null, default))!.IsPaused);
    }

    [Fact]
    public async Task Remove_WebhookOfOurs_IsDeletedAndAForeignOneStays()
    {
        var bot = await AddAsync(PublicUrl);
        Assert.Equal((BotChangeStatus.Done, null), ((await Registrar(PublicUrl).RemoveAsync(Operator, bot.Id, null, default)).Status, null as string));
        Assert.Equal("", telegram.WebhookUrl);
        Assert.Equal(BotChangeStatus.NotFound, (await Registrar(PublicUrl).RemoveAsync(Operator, bot.Id, null, default)).Status);

        await AddAsync(PublicUrl);
        telegram.WebhookUrl = "https://elsewhere.example/hook";
        Assert.True((await Registrar(PublicUrl).RemoveAsync(Operator, bot.Id, null, default)).IsDone);
        Assert.Equal("https://elsewhere.example/hook", telegram.WebhookUrl);
    }

    [Fact]
    public async Task Remove_TelegramAway_RemovesAndSaysThatTheWebhookStays()
    {
        var bot = await AddAsync(PublicUrl);
        var removed = await Registrar(PublicUrl, "http://127.0.0.1:1").RemoveAsync(Operator, bot.Id, null, default);
        Assert.True(removed.IsDone);
        Assert.Contains("could not be deleted", removed.Detail, StringComparison.Ordinal);
        Assert.Equal(0, (await Queries.ListAsync(null, 0, 10, default)).Total);
        Assert.Equal(1, log.Count(1262));
    }

    [Fact]
    public async Task Register_AgainAfterRemoval_BeginsAnewUnderItsOldId()
    {
        var bot = await AddAsync(PublicUrl);
        await Registrar().ChangeAsync(Operator, bot.Id, new BotChange { HasLabel = true, Label = "old", HasRetentionDays = true, RetentionDays = 3 }, default);
        await Registrar(PublicUrl).RemoveAsync(Operator, bot.Id, null, default);
        var again = await AddAsync(null);
        Assert.Equal((bot.Id, null, null, null), (again.Id, again.Label, again.RetentionDays, again.WebhookToldAtMs));
        Assert.Null((await Queries.OpenAsync(bot.Id, default))!.SecretToken);
    }

    [Fact]
    public async Task Changes_EachOne_IsInTheAuditLog()
    {
        var bot = await AddAsync(null);
        await Registrar().SetPausedAsync(Operator, bot.Id, true, null, default);
        await Registrar().ChangeAsync(Operator, bot.Id, new BotChange { HasLabel = true, Label = "name" }, default);
        await Registrar().RemoveAsync(Operator, bot.Id, null, default);
        var lines = await Fixture.RowsAsync("SELECT action, actor_kind, actor_id, address, target_type, target_id FROM audit_log ORDER BY id");
        Assert.Equal(["bot.add", "bot.pause", "bot.change", "bot.remove"], lines.Select(line => line[0]));
        Assert.All(lines, line => Assert.Equal(["2", "7", "192.0.2.1", "bot", $"{bot.Id}"], line[1..]));
        Assert.Contains("\"label\":\"name\"", (await Fixture.RowsAsync("SELECT after_json FROM audit_log WHERE action = 'bot.change'"))[0][0], StringComparison.Ordinal);
    }
}
