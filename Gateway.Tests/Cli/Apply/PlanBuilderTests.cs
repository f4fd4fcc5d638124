using Gateway.Access;
using Gateway.Cli.Apply;

namespace Gateway.Tests.Cli.Apply;

/// <summary>The difference between a file and a gateway, without either.</summary>
public sealed class PlanBuilderTests
{
    private const long Telegram = 123456789;
    private const string Token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private static readonly FilePosition At = new(7, 3);
    private static readonly BotEntry Bot = new(At, "support", Telegram, Token, null);
    private static readonly CurrentBot BotThere = new(1, Telegram, "support_bot", "webhook", SecretHash.Of(Token), SecretHash.Of("secret"), null, null);
    private static readonly KeyEntry Key = new(At, "desk", false, ["messages:read"], null, null);
    private static readonly CurrentKey KeyThere = new(2, "desk", false, "messages:read", null, null, null, true);
    private static readonly UserEntry Anna = new(At, "anna", ["admin"], null, false);
    private static readonly CurrentUser AnnaThere = new(3, "anna", BCrypt.Net.BCrypt.HashPassword("correct horse", 4), false, ["admin"]);
    private static readonly GrantEntry Grant = new(At, "desk", null, Telegram, null, 0, true, false, false);
    private static readonly CurrentGrant GrantThere = new(4, 2, null, 1, null, 0, true, false, false);
    private static readonly CurrentState Nothing = CurrentState.Nothing;
    private static readonly CurrentState Everything = new([BotThere], [KeyThere], [AnnaThere], [GrantThere], [], new Dictionary<long, CurrentChat>());
    private static readonly ConfigurationFile Whole = new() { Bots = [Bot], Keys = [Key], Users = [Anna], Grants = [Grant], Chats = [] };

    [Fact]
    public void Plan_OfWhatIsThere_IsEmpty() => Assert.Equal(("nothing to change", 0), (Plan(Whole, Everything, prune: true).Summary, Plan(Whole, Everything, prune: true).Kept.Count));

    [Fact]
    public void Plan_OfAnEmptyGateway_AddsInTheOrderOfNames() => Assert.Equal(
        [
            "+ bot support (123456789): token (secret)",
            "+ key desk: scopes messages:read",
            "+ user anna: roles admin, password (secret)",
            "+ grant key desk bot 123456789: rights read",
        ],
        Lines(Plan(Whole with { Users = [Anna with { Password = "correct horse" }] }, Nothing)));

    [Fact]
    public void Plan_OfOtherValues_ChangesAndNamesBoth()
    {
        var file = Whole with
        {
            Bots = [Bot with { Mode = "poll", Label = "Desk", RetentionDays = 7, Token = "123456789:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", SecretToken = "header" }],
            Keys = [Key with { Scopes = null, ExpiresAtMs = 1801353600000 }],
            Users = [Anna with { Roles = ["admin", "viewer"], Password = "battery staple" }],
            Grants = [Grant with { CanSend = true }],
        };
        Assert.Equal(
            [
                "~ bot support (123456789): mode webhook → poll, label Desk, retention_days 7, token (secret), secret_token (secret)",
                "~ key desk: scopes messages:read → none, expires none → 2027-01-31T00:00:00.000Z",
                "~ user anna: roles admin → admin viewer, password (secret)",
                "~ grant key desk bot 123456789: rights read → read send",
            ],
            Lines(Plan(file, Everything)));
    }

    [Fact]
    public void Plan_WithoutPrune_LeavesWhatTheFileDoesNotHave() =>
        Assert.Empty(Lines(Plan(new() { Bots = [], Keys = [], Grants = [], Users = [] }, Everything)));

    [Fact]
    public void Prune_OfSectionsThatAreThere_RemovesInTheOtherOrder()
    {
        var plan = Plan(new() { Bots = [], Keys = [], Grants = [], Users = [] }, Everything, prune: true);
        Assert.Equal(["- grant key desk bot 123456789", "- key desk: id 2", "- bot support_bot (123456789)"], Lines(plan));
        Assert.Equal(["user anna: is the last administrator"], plan.Kept);
    }

    [Fact]
    public void Prune_OfSectionsThatAreNotThere_RemovesNothing() => Assert.Empty(Lines(Plan(new(), Everything, prune: true)));

    [Fact]
    public void Prune_WithAnotherAdministratorInTheFile_RemovesThisOne() => Assert.Equal(
        ["+ user bert: roles admin, password (secret)", "- user anna"],
        Lines(Plan(new() { Users = [new(At, "bert", ["admin"], "correct horse", false)] }, Everything, prune: true)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Plan_TheLastAdministratorWouldBeNoneAnyLonger_IsAnError(bool isDisabled) => Assert.Equal(
        ["user: anna is the last administrator; make another one first"],
        Fail(new() { Users = [Anna with { Roles = isDisabled ? ["admin"] : ["viewer"], IsDisabled = isDisabled }] }, Everything));

    [Fact]
    public void Prune_GrantInAChatThatAFileCannotName_IsKept()
    {
        var chat = new CurrentChat(9, Telegram, 55, "b:business", null, null);
        var state = Everything with { Grants = [GrantThere with { BotId = null, ChatId = 9 }], Chats = new Dictionary<long, CurrentChat> { [9] = chat } };
        var plan = Plan(new() { Grants = [] }, state, prune: true);
        Assert.Empty(plan.Changes);
        Assert.Contains("cannot name", Assert.Single(plan.Kept), StringComparison.Ordinal);
    }

    /// <summary>The file says the old group, the grant moved to the new one with the migration.</summary>
    [Fact]
    public void Grant_InAGroupThatMigrated_IsFoundInTheNewChat()
    {
        var chats = new Dictionary<long, CurrentChat>
        {
            [8] = new(8, Telegram, -55, "", null, 9),
            [9] = new(9, Telegram, -10077, "", null, null),
        };
        var state = Everything with { Grants = [GrantThere with { BotId = null, ChatId = 9 }], Chats = chats };
        Assert.Empty(Lines(Plan(new() { Grants = [Grant with { Chat = -55 }] }, state, prune: true)));
        Assert.Single(Fail(new() { Grants = [Grant with { Chat = -55 }, Grant with { Chat = -10077 }] }, state));
    }

    [Fact]
    public void Grants_OfAChatAndItsThreadAndTheBot_AreThree()
    {
        var chats = new Dictionary<long, CurrentChat> { [9] = new(9, Telegram, -10077, "", null, null) };
        var state = Everything with { Grants = [GrantThere, GrantThere with { Id = 5, BotId = null, ChatId = 9, Thread = 12 }], Chats = chats };
        var file = new ConfigurationFile { Grants = [Grant, Grant with { Chat = -10077 }, Grant with { Chat = -10077, Thread = 12 }] };
        Assert.Equal(["+ grant key desk bot 123456789 chat -10077: rights read"], Lines(Plan(file, state, prune: true)));
    }

    [Fact]
    public void Plan_NamesThatAreNowhere_AreErrorsAllAtOnce() => Assert.Equal(
        [
            "chat: bot 5 is neither in this file nor in the gateway",
            "user: bert is new and needs a password, as password: file:PATH",
            "grant: bot 5 is neither in this file nor in the gateway",
            "grant: there is no key nobody, neither in this file nor in the gateway",
            "grant: there is no user nobody, neither in this file nor in the gateway",
        ],
        Fail(
            new()
            {
                Chats = [new(At, 5, -1, null)],
                Users = [new(At, "bert", [], null, false)],
                Grants = [Grant with { Bot = 5 }, Grant with { Key = "nobody" }, Grant with { Key = null, User = "nobody" }],
            },
            Everything));

    [Fact]
    public void Plan_ANameThatTwoKeysHave_IsAnError() =>
        Assert.Contains("2 API keys have the name desk (2, 7)", Fail(new() { Keys = [Key] }, Everything with { Keys = [KeyThere, KeyThere with { Id = 7 }] })[0], StringComparison.Ordinal);

    [Fact]
    public void Plan_AKeyThatACrashLeftWithoutItsText_IsMadeAgain() =>
        Assert.Equal(["~ key desk: secret made again: nobody has it yet"], Lines(Plan(new() { Keys = [Key] }, Everything with { Keys = [KeyThere with { IsFinished = false }] })));

    [Fact]
    public void Plan_ANewKeyWhoseFileIsThere_IsAnErrorInsteadOfALoss()
    {
        var path = Path.GetTempFileName();
        Assert.Contains("is there already", Assert.Single(Fail(new() { Keys = [Key with { SecretFile = path }] }, Nothing)), StringComparison.Ordinal);
        Assert.Empty(Lines(Plan(new() { Keys = [Key with { SecretFile = path }] }, Everything)));
        File.Delete(path);
    }

    [Fact]
    public void Plan_TwoNewKeysWithOneFile_IsAnErrorInsteadOfALoss()
    {
        var path = Path.Combine(Path.GetTempPath(), "nowhere-yet", "key");
        Assert.Contains("name the same file", Assert.Single(Fail(new() { Keys = [Key with { SecretFile = path }, Key with { Name = "other", SecretFile = path }] }, Nothing)), StringComparison.Ordinal);
    }

    [Fact]
    public void Feedback_IsAddedFoundAndPruned()
    {
        var chats = new Dictionary<long, CurrentChat> { [9] = new(9, Telegram, -10077, "", null, null), [10] = new(10, Telegram, 55, "b:business", null, null) };
        var state = Everything with { Feedback = [new(2, 9), new(2, 10)], Chats = chats };
        Assert.Equal(["+ feedback of bot 123456789 chat -5 to key desk"], Lines(Plan(new() { Feedback = [new(At, "desk", Telegram, -5), new(At, "desk", Telegram, -10077)] }, state)));
        Assert.Empty(Lines(Plan(new(), state, prune: true)));
        var pruned = Plan(new() { Feedback = [] }, state, prune: true);
        Assert.Equal(["- feedback of bot 123456789 chat -10077 to key desk"], Lines(pruned));
        Assert.Contains("cannot name", Assert.Single(pruned.Kept), StringComparison.Ordinal);
        Assert.Equal(2, Fail(new() { Feedback = [new(At, "nobody", 5, -5)] }, state).Count);
    }

    [Fact]
    public void Plan_AWebhookSecretOfAnotherBot_IsAnError()
    {
        var state = Everything with { Bots = [BotThere, BotThere with { Id = 2, TelegramId = 5 }] };
        Assert.Contains("another bot has this webhook_secret", Fail(new() { Bots = [Bot with { WebhookSecret = "secret" }] }, state)[0], StringComparison.Ordinal);
    }

    private static Plan Plan(ConfigurationFile file, CurrentState state, bool prune = false)
    {
        var errors = new ConfigurationErrors();
        var plan = PlanBuilder.Build(file, state, prune, errors);
        Assert.Empty(errors.All);
        return plan!;
    }

    private static List<string> Fail(ConfigurationFile file, CurrentState state)
    {
        var errors = new ConfigurationErrors();
        Assert.Null(PlanBuilder.Build(file, state, prune: true, errors));
        Assert.All(errors.All, error => Assert.Equal(At, error.At));
        return [.. errors.All.Select(error => error.Message)];
    }

    private static string[] Lines(Plan plan) => [.. plan.Changes.Select(change => change.ToString()!)];
}
