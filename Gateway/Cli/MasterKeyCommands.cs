using System.CommandLine;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>master-key rotate | adopt</c></summary>
internal static class MasterKeyCommands
{
    /// <summary>A line's worth.</summary>
    private const int Named = 5;

    public static Command Create()
    {
        var rotate = new Command("rotate",
            "Replace the master key: seals the bots' secrets anew; API keys and sessions stay valid. With the key in the data folder it makes the new one; "
            + "with a key by option it goes from PreviousMasterKey to MasterKey. Cut short, it is run again. Example: gateway master-key rotate --data ./data");
        rotate.SetAction((arguments, cancellation) => CliSession.RunAloneAsync(arguments, session => RotateAsync(session, cancellation), cancellation));

        var adopt = new Command("adopt",
            "The old master key is lost: take the present one. API keys and sessions of before end; give each bot's token again with 'gateway bot add --update'. "
            + "Example: gateway master-key adopt --data ./data");
        adopt.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => AdoptAsync(session, cancellation), cancellation));

        return new Command("master-key", "Replace the master key") { rotate, adopt };
    }

    private static async Task<int> RotateAsync(CliSession session, CancellationToken cancellation)
    {
        var isOurs = session.Options.MasterKey is null;
        var path = MasterKeyProvider.PathOf(session.Options);
        var keys = session.Keys;
        if (isOurs)
        {
            // Before anything is replaced: a wrong key is not worth keeping a second one for.
            if (await MasterKeyCheck.LookAsync(session.Database, keys, cancellation) == MasterKeyFit.IsAnother) return Wrong(session, path);
            var others = (await UnreadableSecrets.FindAsync(session.Database, keys, cancellation)).Where(secret => secret.Status == SecretBoxStatus.OtherMasterKey).ToList();
            if (others.Count > 0) return Others(session, others);
            MasterKeyFile.BeginReplacing(path);
            keys = new KeyRing(MasterKeyFile.Read(path)!, MasterKeyFile.ReadPrevious(path));
        }
        else if (session.Options.PreviousMasterKey is null)
        {
            return session.Output.Fail(ExitCode.Usage, "NO_PREVIOUS_KEY",
                "the master key is given by option: give the new one as MasterKey and the one in use as PreviousMasterKey (see docs/operations.md)");
        }

        var rotated = await new MasterKeyRotation(session.Database, keys, session.Time).RunAsync(Actor.CommandLine, cancellation);
        switch (rotated.Status)
        {
            case RotationStatus.WrongPrevious:
                return Wrong(session, isOurs ? path + MasterKeyFile.PreviousSuffix : "PreviousMasterKey");
            case RotationStatus.TooManyRetired:
                return session.Output.Fail(ExitCode.Refused, "TOO_MANY_RETIRED_KEYS",
                    "API keys made under too many master keys are in use; revoke the oldest ones (gateway apikey list) and run this again");
            default:
                if (isOurs) MasterKeyFile.FinishReplacing(path);
                return session.Output.Done(
                    new MasterKeyRotatedJson(true, rotated.Resealed, rotated.RetiredTags),
                    CliJson.Default.MasterKeyRotatedJson,
                    $"the master key is replaced; {rotated.Resealed} secrets sealed anew. "
                    + (isOurs ? $"Back up {path}; backups of before need the key of before" : "PreviousMasterKey is needed no longer; backups of before need it"));
        }
    }

    private static int Wrong(CliSession session, string name) =>
        session.Output.Fail(ExitCode.Refused, "WRONG_MASTER_KEY", $"what is stored was sealed under another master key than {name}; nothing was changed");

    /// <summary>Under a third key: the new one would be the second that does not open them.</summary>
    private static int Others(CliSession session, List<UnreadableSecret> others) => session.Output.Fail(
        ExitCode.Refused,
        "OTHER_MASTER_KEY",
        $"{string.Join(", ", others.Take(Named).Select(secret => secret.Name))}{(others.Count > Named ? $" and {others.Count - Named} more" : "")}: sealed under another master key than this one; "
        + "nothing was changed. 'gateway doctor' names all and says what to do");

    private static async Task<int> AdoptAsync(CliSession session, CancellationToken cancellation)
    {
        // What earlier keys left under the lost one: nobody opens it again, and it would stand in the way of every later replacement.
        var box = new SecretBox(session.Keys);
        var lost = (await DerivedKeyStore.ReadAsync(session.Database, cancellation)).Where(row => box.Open(row.Cipher, row.Context, out _) != SecretBoxStatus.Opened).ToList();
        await ControlTransaction.RunAsync(
            session.Database,
            async commands =>
            {
                var now = session.Time.GetUtcNow();
                foreach (var row in lost) await DerivedKeyStore.DeleteAsync(commands, row);
                await DerivedKeyStore.MarkAsync(commands, session.Keys, now.ToUnixTimeMilliseconds());
                await commands.AuditAsync(Actor.CommandLine, now, new AuditEntry("master_key.adopt", "master_key", $"{session.Keys.Id:x8}", null, null));
                return true;
            },
            cancellation);
        return session.Output.Done(new MasterKeyAdoptedJson(true), CliJson.Default.MasterKeyAdoptedJson, "this database is now used with the present master key");
    }
}
