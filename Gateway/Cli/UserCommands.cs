using System.CommandLine;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>user add | list | show | set-password | set-role | disable | enable | remove</c></summary>
internal static class UserCommands
{
    private static readonly Option<string> Name = new("--name") { Description = "The login name", HelpName = "NAME", Required = true };
    private static readonly Option<string[]> Role = new("--role") { Description = "admin, operator or viewer; may be repeated", HelpName = "ROLE", Required = true, AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string> PasswordFile = new("--password-file") { Description = "A file with the password; - reads it from standard input", HelpName = "FILE", Required = true };

    public static Command Create()
    {
        var add = Make("add", "Add a user. Example: gateway user add --name anna --role operator --password-file -", AddAsync, Name, Role, PasswordFile);
        var show = new Command("show", "One user. Example: gateway user show --name anna --json") { Name };
        show.SetAction((arguments, cancellation) => CliSession.LookAsync(
            arguments, session => WithUserAsync(session, arguments, (session, user, _) => Task.FromResult(Show(session, user)), cancellation), cancellation));
        var password = Make("set-password", "Give a new password and end the user's sessions. Example: gateway user set-password --name anna --password-file -", SetPasswordAsync, Name, PasswordFile);
        var role = Make("set-role", "Give these roles in place of the ones there are. Example: gateway user set-role --name anna --role operator", SetRoleAsync, Name, Role);
        var disable = Make("disable", "Keep a user out and end its sessions. Example: gateway user disable --name anna", (session, user, _) => SetDisabledAsync(session, user, true), Name);
        var enable = Make("enable", "Let a user in again. Example: gateway user enable --name anna", (session, user, _) => SetDisabledAsync(session, user, false), Name);
        var remove = Make("remove", "Forget a user, its sessions and its grants. Example: gateway user remove --name anna", RemoveAsync, Name);
        var list = new Command("list", "All users. Example: gateway user list --json");
        list.SetAction((arguments, cancellation) => CliSession.LookAsync(arguments, session => ListAsync(session, cancellation), cancellation));
        return new Command("user", "Add, change, list and remove users") { add, list, show, password, role, disable, enable, remove };
    }

    private static Command Make(string name, string description, Func<CliSession, ParseResult, CancellationToken, Task<int>> run, params Option[] options)
    {
        var command = new Command(name, description);
        foreach (var option in options) command.Add(option);
        command.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => run(session, arguments, cancellation), cancellation));
        return command;
    }

    /// <summary>For a command about a user that is there.</summary>
    private static Command Make(string name, string description, Func<CliSession, UserInfo, ParseResult, Task<int>> run, params Option[] options) =>
        Make(name, description, (session, arguments, cancellation) => WithUserAsync(session, arguments, run, cancellation), options);

    private static async Task<int> WithUserAsync(CliSession session, ParseResult arguments, Func<CliSession, UserInfo, ParseResult, Task<int>> run, CancellationToken cancellation)
    {
        var wanted = arguments.GetRequiredValue(Name);
        return await session.UserLists.FindAsync(wanted, cancellation) is { } user
            ? await run(session, user, arguments)
            : session.Output.Fail(ExitCode.Refused, "NOT_FOUND", $"there is no user {wanted} (gateway user list)");
    }

    private static async Task<int> AddAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var name = arguments.GetRequiredValue(Name).Trim();
        if (name.Length is 0 or > 128 || name.Any(char.IsControl)) return session.Output.Fail(ExitCode.Usage, "INVALID_NAME", "--name has 1 to 128 characters, none of them a control character");
        if (ReadPassword(session, arguments) is not { } password) return ExitCode.Usage;
        string[] roles = [.. arguments.GetRequiredValue(Role).Distinct(StringComparer.Ordinal)];
        var added = await session.Users.AddAsync(Actor.CommandLine, Authority.Whole, name, roles, password, cancellation);
        return added.Status == UserStatus.Done
            ? session.Output.Done(new UserAddedJson(added.Id, name, string.Join(' ', roles), roles), CliJson.Default.UserAddedJson, $"user {added.Id} ({name}, {string.Join(", ", roles)}) added")
            : Fail(session, added, name);
    }

    private static async Task<int> ListAsync(CliSession session, CancellationToken cancellation)
    {
        var (users, _) = await session.UserLists.ListAsync(0, int.MaxValue, cancellation);
        var json = new UsersJson([.. users.Select(ToJson)]);
        return session.Output.Done(json, CliJson.Default.UsersJson, TextOf(json.Users));
    }

    private static int Show(CliSession session, UserInfo user)
    {
        var json = ToJson(user);
        return session.Output.Done(json, CliJson.Default.UserJson, TextOf([json]));
    }

    private static Task<int> SetPasswordAsync(CliSession session, UserInfo user, ParseResult arguments) =>
        ReadPassword(session, arguments) is { } password
            ? ChangeAsync(session, user, new UserChange(Password: password), "has a new password; its sessions have ended")
            : Task.FromResult(ExitCode.Usage);

    private static Task<int> SetRoleAsync(CliSession session, UserInfo user, ParseResult arguments)
    {
        string[] roles = [.. arguments.GetRequiredValue(Role).Distinct(StringComparer.Ordinal)];
        return ChangeAsync(session, user, new UserChange(Roles: roles), $"is {string.Join(", ", roles)}");
    }

    private static Task<int> SetDisabledAsync(CliSession session, UserInfo user, bool isDisabled) =>
        ChangeAsync(session, user, new UserChange(IsDisabled: isDisabled), isDisabled ? "is kept out; its sessions have ended" : "may come in again");

    private static async Task<int> ChangeAsync(CliSession session, UserInfo user, UserChange change, string done)
    {
        var changed = await session.Users.ChangeAsync(Actor.CommandLine, Authority.Whole, user.Id, change, CancellationToken.None);
        if (changed.Status != UserStatus.Done) return Fail(session, changed, user.Name);
        var now = await session.UserLists.FindAsync(user.Id, CancellationToken.None);
        return session.Output.Done(ToJson(now ?? user), CliJson.Default.UserJson, $"user {user.Id} ({user.Name}) {done}");
    }

    private static async Task<int> RemoveAsync(CliSession session, UserInfo user, ParseResult arguments)
    {
        var removed = await session.Users.DeleteAsync(Actor.CommandLine, Authority.Whole, user.Id, CancellationToken.None);
        return removed.Status == UserStatus.Done
            ? session.Output.Done(new RemovedJson(user.Id, true), CliJson.Default.RemovedJson, $"user {user.Id} ({user.Name}) removed")
            : Fail(session, removed, user.Name);
    }

    private static int Fail(CliSession session, UserOutcome outcome, string name) => outcome.Status switch
    {
        UserStatus.NameTaken => session.Output.Fail(ExitCode.Refused, "NAME_TAKEN", UserProblem.TextOf(outcome, name)),
        UserStatus.InvalidPassword => session.Output.Fail(ExitCode.Usage, "INVALID_PASSWORD", UserProblem.TextOf(outcome, name)),
        UserStatus.UnknownRole => session.Output.Fail(ExitCode.Usage, "INVALID_ROLE", UserProblem.TextOf(outcome, name)),
        UserStatus.LastAdmin => session.Output.Fail(ExitCode.Refused, "LAST_ADMIN", UserProblem.TextOf(outcome, name)),
        _ => session.Output.Fail(ExitCode.Refused, "NOT_FOUND", UserProblem.TextOf(outcome, name)),
    };

    /// <summary>Null: it was told why not.</summary>
    private static string? ReadPassword(CliSession session, ParseResult arguments)
    {
        var read = SecretFile.Read(arguments.GetRequiredValue(PasswordFile));
        if (read.Warning is not null) session.Output.Warn($"--password-file: {read.Warning}");
        if (read.Text is null) session.Output.Fail(ExitCode.Usage, "INVALID_PASSWORD", $"--password-file: {read.Failure}");
        return read.Text;
    }

    private static UserJson ToJson(UserInfo user) => new(user.Id, user.Name, user.Roles, user.IsDisabled, CliTime.Text(user.CreatedAtMs)!);

    private static string TextOf(IReadOnlyList<UserJson> users) => CliTable.Of(
        ["ID", "NAME", "ROLES", "DISABLED", "MADE"],
        users.Select(user => new object?[] { user.Id, user.Name, string.Join(", ", user.Roles), user.Disabled ? "yes" : "", user.CreatedAt }));
}
