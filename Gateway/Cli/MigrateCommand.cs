using System.CommandLine;
using Gateway.Messages;

namespace Gateway.Cli;

/// <summary><c>migrate</c>: brings the schema up to date, and with <c>--restored</c> gives a restored log its new identity.</summary>
internal static class MigrateCommand
{
    private static readonly Option<bool> Restored = new("--restored")
    {
        Description = "The database was restored from a backup: give the log a new identity, so that consumers are told instead of missing events",
    };

    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database's schema up to date. Example: gateway migrate --database mysql://…") { Restored };
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation) =>
        CliSession.RunAsync(
            arguments,
            async session =>
            {
                var store = session.Storage.Log;
                var head = await store.ReadHeadAsync(cancellation);
                var restored = arguments.GetValue(Restored);
                if (head is not null && restored)
                {
                    if (await store.ResetAsync(new LogPosition(head.Value.LogId, head.Value.Seq)) is null) head = null;
                    else head = await store.ReadHeadAsync(cancellation);
                }

                if (head is not { } now) return session.Output.Fail(ExitCode.Unavailable, "DATABASE_UNAVAILABLE", $"{session.Options.Storage}: the log cannot be read");
                var migration = session.Migration;
                return session.Output.Done(
                    new MigratedJson(migration.FromVersion, migration.ToVersion, migration.Applied, now.LogId, now.Seq, restored),
                    CliJson.Default.MigratedJson,
                    $"schema {migration.ToVersion}, {migration.Applied} migrations applied; log {now.LogId} at {now.Seq}{(restored ? ", new identity" : "")}");
            },
            cancellation);
}
