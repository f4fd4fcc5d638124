using Gateway.Access;
using Gateway.Ingest;
using Gateway.Storage;

namespace Gateway.Cli.Apply;

/// <summary>
/// Makes the changes of a plan one by one, each in its own transaction: what Telegram has to be asked about cannot wait inside one, and hashing
/// a key takes longer than a transaction may. Cut short after any of them, the next run finds what is left to do.
/// </summary>
internal sealed class ChangeRunner
{
    private readonly CliSession session;
    private readonly ApplyProgress progress;
    private readonly ApplyReport report;
    private readonly bool verify;
    private readonly bool takeOver;
    private readonly Actor actor = Actor.CommandLine;
    private readonly Dictionary<long, long> botIds;
    private readonly Dictionary<string, long> keyIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> userIds;

    public ChangeRunner(CliSession session, CurrentState state, ApplyProgress progress, ApplyReport report, bool verify, bool takeOver)
    {
        this.session = session;
        this.progress = progress;
        this.report = report;
        this.verify = verify;
        this.takeOver = takeOver;
        botIds = state.Bots.ToDictionary(bot => bot.TelegramId, bot => bot.Id);
        userIds = state.Users.ToDictionary(user => user.Name, user => user.Id, StringComparer.Ordinal);
        // Names that several keys have are not in the file; the plan saw to it.
        foreach (var key in state.Keys) keyIds.TryAdd(key.Name, key.Id);
    }

    /// <summary>Why the change after the last one made was not; null: all are made.</summary>
    public async Task<string?> RunAsync(Plan plan, CancellationToken cancellation)
    {
        foreach (var change in plan.Changes)
        {
            var failure = change switch
            {
                PlannedBot bot => await MakeBotAsync(bot, cancellation),
                PlannedChat chat => await MakeChatAsync(chat, cancellation),
                PlannedKey key => await MakeKeyAsync(key, cancellation),
                PlannedUser user => await MakeUserAsync(user, cancellation),
                PlannedGrant grant => await MakeGrantAsync(grant, cancellation),
                PlannedFeedback feedback => await MakeFeedbackAsync(feedback, cancellation),
                _ => throw new ArgumentOutOfRangeException(nameof(plan)),
            };
            if (failure is not null) return failure;
            progress.Made++;
        }

        return null;
    }

    private async Task<string?> MakeBotAsync(PlannedBot change, CancellationToken cancellation)
    {
        if (change.Entry is not { } bot)
        {
            var removed = await session.BotRegistrar.RemoveAsync(actor, change.Id, null, cancellation);
            return removed.IsDone || removed.Status == BotChangeStatus.NotFound ? null : BotProblem.TextOf(removed);
        }

        var registration = new BotRegistration(bot.TelegramId, bot.Token, bot.Mode)
        {
            WebhookSecret = bot.WebhookSecret,
            SecretToken = bot.SecretToken,
            BaseUrl = bot.BaseUrl,
            Label = bot.Label,
            RetentionDays = bot.RetentionDays,
            Update = true,
            Verify = verify,
            TakeOver = takeOver,
        };
        var added = await session.BotRegistrar.RegisterAsync(actor, registration, cancellation);
        if (added.Bot is { } there) botIds[bot.TelegramId] = there.Id;
        return added.IsDone ? null : BotProblem.TextOf(added);
    }

    private async Task<string?> MakeKeyAsync(PlannedKey change, CancellationToken cancellation)
    {
        if (change.Entry is not { } key)
        {
            await session.ApiKeys.RevokeAsync(actor, null, change.Id, cancellation);
            return null;
        }

        var settings = new ApiKeySettings(key.Name, key.IsAdmin, key.Scopes is null ? null : ApiKeySettings.JoinScopes(key.Scopes), key.ExpiresAtMs, key.RatePerSecond, key.RateBurst);
        var isNew = change.Id == 0;
        if (!isNew)
        {
            await session.ApiKeys.UpdateAsync(actor, null, change.Id, _ => settings, cancellation);
            if (!change.Fields.Any(field => field.Field == PlanBuilder.UnfinishedKey)) return null;
        }

        // Out before the key is good for anything: a crash behind it leaves a file, or a line, with a key that nobody takes, and the next run makes another.
        Action<CreatedApiKey>? show = null, save = null;
        if (key.SecretFile is { } path) save = made => KeyFile.Write(path, made.Text);
        else show = made => report.Show(new AppliedKeyJson(made.Id, key.Name, made.Text, null));
        var created = isNew
            ? await session.ApiKeys.CreateOnlyAsync(actor, settings, show, save, cancellation)
            : await session.ApiKeys.FinishAsync(change.Id, show, save, cancellation);
        if (created is null) return "another command makes it, or takes it away, at this moment; a text that was shown for it here is good for nothing";
        keyIds[key.Name] = created.Id;
        if (key.SecretFile is not null) report.Show(new AppliedKeyJson(created.Id, key.Name, null, key.SecretFile));
        return null;
    }

    private async Task<string?> MakeUserAsync(PlannedUser change, CancellationToken cancellation)
    {
        var users = session.Users;
        if (change.Entry is not { } user)
        {
            var removed = await users.DeleteAsync(actor, Authority.Whole, change.Id, cancellation);
            return removed.Status is UserStatus.Done or UserStatus.NotFound ? null : UserProblem.TextOf(removed, change.Name);
        }

        var id = change.Id;
        if (id == 0)
        {
            var added = await users.AddAsync(actor, Authority.Whole, user.Name, user.Roles, user.Password!, cancellation);
            if (added.Status != UserStatus.Done) return UserProblem.TextOf(added, user.Name);
            userIds[user.Name] = id = added.Id;
            if (!user.IsDisabled) return null;
        }

        var edit = new UserChange(Roles: user.Roles, IsDisabled: user.IsDisabled, Password: change.Id != 0 && change.SetsPassword ? user.Password : null);
        var changed = await users.ChangeAsync(actor, Authority.Whole, id, edit, cancellation);
        return changed.Status == UserStatus.Done ? null : UserProblem.TextOf(changed, user.Name);
    }

    private async Task<string?> MakeChatAsync(PlannedChat change, CancellationToken cancellation)
    {
        var chats = new ChatAdministration(session.Database, session.Time);
        var chat = change.Entry;
        var id = change.Id;
        if (id == 0)
        {
            var added = await chats.AddAsync(actor, botIds[chat.Bot], chat.TelegramId, chat.Label, cancellation);
            if (added.Status != ChatStatus.Exists) return added.Status == ChatStatus.Done ? null : "its bot is not there any more";
            // A running gateway has seen it since the plan was made.
            id = added.Chat!.Id;
        }

        if (chat.Label is null) return null;
        var labelled = await chats.SetLabelAsync(actor, id, _ => chat.Label, null, cancellation);
        return labelled.Status == ChatStatus.Done ? null : "it is not there any more";
    }

    private async Task<string?> MakeGrantAsync(PlannedGrant change, CancellationToken cancellation)
    {
        if (change.Entry is not { } grant)
        {
            await session.Grants.RevokeAsync(actor, change.Id, cancellation);
            return null;
        }

        var to = grant.Key is { } key ? new PrincipalId(PrincipalKind.ApiKey, keyIds[key]) : new PrincipalId(PrincipalKind.User, userIds[grant.User!]);
        var bot = botIds[grant.Bot];
        var target = grant.Chat is { } chat ? GrantTarget.InChat(new ChatName(0, bot, chat), grant.Thread) : GrantTarget.Bot(bot);
        var rights = (grant.CanRead ? ChatRights.Read : 0) | (grant.CanSend ? ChatRights.Send : 0) | (grant.CanManage ? ChatRights.Manage : 0);
        var outcome = await session.Grants.SetAsync(actor, null, to, target, rights, cancellation);
        return outcome.Status == GrantStatus.Done ? null : $"it cannot be granted: {outcome.Status}";
    }

    private async Task<string?> MakeFeedbackAsync(PlannedFeedback change, CancellationToken cancellation)
    {
        if (change.Entry is not { } feedback)
        {
            // Gone already: by its chat's bot, or its key.
            await session.Feedback.RemoveAsync(actor, null, change.KeyId, new ChatName(change.ChatId, 0, 0), cancellation);
            return null;
        }

        var outcome = await session.Feedback.AddAsync(actor, null, keyIds[feedback.Key], new ChatName(0, botIds[feedback.Bot], feedback.Chat), cancellation);
        return outcome.Status == GrantStatus.Done ? null : $"it cannot push: {outcome.Status}";
    }
}
