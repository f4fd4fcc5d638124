using System.CommandLine;
using System.Globalization;
using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Cli;

/// <summary><c>doctor</c>: looks at everything the gateway stands on and says what is wrong. Changes nothing.</summary>
internal static class DoctorCommand
{
    public const string Ok = "ok";
    public const string Warning = "warning";
    public const string Failed = "failed";

    public static Command Create()
    {
        var command = new Command("doctor", "Check database, schema, clock, disk, master key, users, API keys, Telegram and the bots' webhooks. Example: gateway doctor --json");
        command.Add(CommonOptions.PublicUrl);
        command.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => RunAsync(session, cancellation), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CliSession session, CancellationToken cancellation)
    {
        var migration = session.Migration;
        List<CheckJson> checks =
        [
            new("database", Ok, session.Options.Storage.ToString()),
            new("schema", Ok, $"version {migration.ToVersion}"),
            await CheckLogAsync(session, cancellation),
            await CheckClockAsync(session, cancellation),
        ];
        checks.AddRange(await CheckServerAsync(session, cancellation));
        checks.AddRange(await new AccessChecks(session).RunAsync(cancellation));
        checks.AddRange(await CheckBotsAsync(session, cancellation));

        var good = checks.TrueForAll(check => check.Status != Failed);
        return session.Output.Found(good, new DoctorJson(good, checks), CliJson.Default.DoctorJson, CliTable.Of(
            ["CHECK", "STATUS", ""],
            checks.Select(check => new object?[] { check.Check, check.Status, check.Message })));
    }

    private static async Task<CheckJson> CheckLogAsync(CliSession session, CancellationToken cancellation) =>
        await session.Storage.Log.ReadHeadAsync(cancellation) is { } head
            ? new("log", Ok, $"{head.LogId} at {head.Seq}")
            : new("log", Failed, "the log's head cannot be read");

    /// <summary>What the server's settings mean for "durable before acknowledged".</summary>
    private static async Task<IEnumerable<CheckJson>> CheckServerAsync(CliSession session, CancellationToken cancellation) =>
        session.Database is MySqlDatabase server
            ? (await MySqlChecks.FindAsync(server, cancellation)).Select(finding => new CheckJson(finding.Setting, finding.IsError ? Failed : Warning, finding.Message))
            : [];

    /// <summary>Leases and expiries compare the two clocks; a second apart is harmless, more is a broken time service.</summary>
    private static async Task<CheckJson> CheckClockAsync(CliSession session, CancellationToken cancellation)
    {
        await using var connection = await session.Database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = session.Database.Dialect == MySqlDatabase.DialectName ? "SELECT UNIX_TIMESTAMP()" : "SELECT strftime('%s', 'now')";
        var theirs = Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        return JudgeClock(Math.Abs(session.Time.GetUtcNow().ToUnixTimeSeconds() - theirs));
    }

    internal static CheckJson JudgeClock(long apart) =>
        apart <= Limits.Cli.ClockSeconds
            ? new("clock", Ok, "agrees with the database's")
            : new("clock", Warning, $"is {apart} s apart from the database's");

    private static async Task<List<CheckJson>> CheckBotsAsync(CliSession session, CancellationToken cancellation)
    {
        var directory = new BotDirectory(session.Database, acceptTokens: false, NullLogger<BotDirectory>.Instance);
        if (!await directory.ReloadAsync(cancellation)) return [new("bots", Failed, "cannot be read")];
        var secrets = new SecretBox(session.Keys);
        List<CheckJson> checks = [];
        var isReachable = true;
        foreach (var bot in directory.Current.Bots.Where(bot => !bot.IsPaused))
        {
            var name = $"bot {bot.Id}";
            var opened = secrets.Open(bot.TokenCipher, SecretBox.BotToken(bot.TelegramId), out var token);
            // Of one that does not open it is told where the master key is looked at.
            if (opened == SecretBoxStatus.Opened && isReachable)
            {
                var client = new BotApiClient(session.Telegram, (bot.BaseUrl ?? session.Options.TelegramBaseUrl.ToString()).TrimEnd('/'), token, session.Time);
                var found = await client.GetWebhookInfoAsync(Limits.Cli.DoctorAnswer, cancellation);
                // One wait for an unreachable Telegram is enough.
                isReachable = found.Status is BotApiStatus.Ok or BotApiStatus.TokenRejected;
                checks.Add(Judge(name, bot.Mode, client.Server, await session.BotQueries.OpenAsync(bot.Id, cancellation), found, session.Options.PublicUrl));
            }
        }

        return checks;
    }

    private static CheckJson Judge(string name, BotMode mode, string server, OpenedBot? opened, BotApiResult<WebhookInfo> found, Uri? publicUrl)
    {
        if (found.Status == BotApiStatus.TokenRejected) return new(name, Warning, $"Telegram refuses the token: {found.Description}");
        if (found.Value is not { } info) return new(name, Warning, $"the Bot API at {server} cannot be asked: {found.Description}");
        if (mode == BotMode.Poll)
            return info.Host is null ? new(name, Ok, $"polled, {info.PendingUpdates} updates wait") : new(name, Warning, "is polled, but has a webhook: Telegram answers no getUpdates");
        if (info.Host is null) return new(name, Warning, "has no webhook at Telegram: nothing arrives");
        if (!WebhookAddress.IsOurs(info.Url, opened)) return new(name, Warning, $"has a webhook at {info.Host} that is not this gateway's: nothing arrives");
        if (publicUrl is not null && !string.Equals(info.Host, publicUrl.Host, StringComparison.OrdinalIgnoreCase))
            return new(name, Warning, $"has its webhook at {info.Host}, but this gateway is at {publicUrl.Host}: 'gateway bot webhook' sets it anew");
        var error = info.LastError is null ? "" : $", last error: {info.LastError}";
        return new(name, error.Length == 0 ? Ok : Warning, $"webhook at {info.Host}, {info.PendingUpdates} updates wait{error}");
    }
}
