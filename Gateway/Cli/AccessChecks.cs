using System.Globalization;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary>What <c>doctor</c> says of master key, users, API keys and disk.</summary>
internal sealed class AccessChecks(CliSession session)
{
    public async Task<List<CheckJson>> RunAsync(CancellationToken cancellation)
    {
        List<CheckJson> checks = [.. await CheckMasterKeyAsync(cancellation), .. CheckMasterKeyFile(), await CheckUsersAsync(cancellation), await CheckKeysAsync(cancellation)];
        if (session.Options.Storage.IsSqlite) checks.Add(JudgeDisk(new DriveInfo(Path.GetFullPath(session.Options.DataFolder)).AvailableFreeSpace >> 20, session.Options.MinFreeMegabytes));
        return checks;
    }

    private async Task<List<CheckJson>> CheckMasterKeyAsync(CancellationToken cancellation)
    {
        if (await MasterKeyCheck.LookAsync(session.Database, session.Keys, cancellation) == MasterKeyFit.IsAnother)
            return [new("master key", DoctorCommand.Failed, "this database was used with another master key: no API key and no bot token works. Give the right one; docs/operations.md says what to do when it is lost")];
        return
        [
            new("master key", DoctorCommand.Ok, session.Keys.PreviousId is null ? "fits this database" : "fits this database, with the previous one; 'gateway master-key rotate' ends that"),
            .. (await UnreadableSecrets.FindAsync(session.Database, session.Keys, cancellation)).Select(Judge),
        ];
    }

    /// <summary>A bot without its token is of no use; what else is missing costs less.</summary>
    private static CheckJson Judge(UnreadableSecret secret) => new(
        secret.Name,
        secret.IsToken ? DoctorCommand.Failed : DoctorCommand.Warning,
        $"{(secret.Status == SecretBoxStatus.Damaged ? "is damaged in the database" : "was sealed under another master key")}; {Cure(secret)}");

    private static string Cure(UnreadableSecret secret) => secret switch
    {
        { BotId: null } => "API keys or sessions from that time do not work; 'gateway master-key adopt' forgets it",
        { IsToken: true } => "'gateway bot add --update' with the token seals it anew",
        _ => $"'gateway bot add --update' with --{secret.Name[(secret.Name.IndexOf(": ", StringComparison.Ordinal) + 2)..].Replace(' ', '-')} seals it anew",
    };

    private IEnumerable<CheckJson> CheckMasterKeyFile()
    {
        var path = MasterKeyProvider.PathOf(session.Options);
        if (session.Options.MasterKey is not null || !File.Exists(path)) yield break;
        if (SecretFile.WarningOf(path) is { } warning) yield return new("master key file", DoctorCommand.Warning, warning);
        if (File.Exists(path + MasterKeyFile.PreviousSuffix)) yield return new("master key file", DoctorCommand.Warning, "a replacement was cut short; 'gateway master-key rotate' completes it");
    }

    private async Task<CheckJson> CheckUsersAsync(CancellationToken cancellation)
    {
        var (users, total) = await session.UserLists.ListAsync(0, int.MaxValue, cancellation);
        if (total == 0) return new("users", DoctorCommand.Warning, "there is none: nobody can log in. 'gateway user add' makes one");
        return users.Any(user => !user.IsDisabled && user.Roles.Contains(Roles.Admin))
            ? new("users", DoctorCommand.Ok, $"{total}, with an administrator")
            : new("users", DoctorCommand.Warning, $"{total}, and none who is an administrator and may come in");
    }

    private async Task<CheckJson> CheckKeysAsync(CancellationToken cancellation)
    {
        await using var connection = await session.Database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        var now = session.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var soon = (session.Time.GetUtcNow() + Limits.Cli.KeyExpiryNotice).ToUnixTimeMilliseconds();
        command.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"""
             SELECT COUNT(*), COALESCE(SUM(CASE WHEN expires_at_ms <= {now} THEN 1 ELSE 0 END), 0),
               COALESCE(SUM(CASE WHEN expires_at_ms > {now} AND expires_at_ms <= {soon} THEN 1 ELSE 0 END), 0)
               FROM api_keys WHERE revoked_at_ms IS NULL
             """);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return JudgeKeys(row.GetInt64(0), Convert.ToInt64(row.GetValue(1), CultureInfo.InvariantCulture), Convert.ToInt64(row.GetValue(2), CultureInfo.InvariantCulture));
    }

    internal static CheckJson JudgeKeys(long count, long expired, long soon) =>
        expired + soon == 0
            ? new("api keys", DoctorCommand.Ok, $"{count}")
            : new("api keys", DoctorCommand.Warning, $"{count}; {expired} have expired, {soon} expire within {Limits.Cli.KeyExpiryNotice.TotalDays} days (gateway apikey list)");

    internal static CheckJson JudgeDisk(long freeMegabytes, int configuredMegabytes)
    {
        var least = Math.Max(configuredMegabytes, Limits.Cli.DiskMegabytes);
        return new("disk", freeMegabytes < least ? DoctorCommand.Warning : DoctorCommand.Ok, $"{freeMegabytes} MiB are free under the data folder{(freeMegabytes < least ? $"; below {least} it is time to act" : "")}");
    }
}
