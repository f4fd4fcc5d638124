using System.CommandLine;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>user add</c></summary>
internal static class UserCommands
{
    private static readonly Option<string> Name = new("--name") { Description = "The login name", HelpName = "NAME", Required = true };
    private static readonly Option<string> Role = new("--role") { Description = "admin, operator or viewer", HelpName = "ROLE", Required = true };
    private static readonly Option<string> PasswordFile = new("--password-file") { Description = "A file with the password in its first line; - reads it from standard input", HelpName = "FILE", Required = true };

    public static Command Create()
    {
        var add = new Command("add", "Add a user. Example: gateway user add --name anna --role operator --password-file -") { Name, Role, PasswordFile };
        add.SetAction((arguments, cancellation) => CliSession.RunAsync(arguments, session => AddAsync(session, arguments, cancellation), cancellation));
        return new Command("user", "Add users") { add };
    }

    private static async Task<int> AddAsync(CliSession session, ParseResult arguments, CancellationToken cancellation)
    {
        var name = arguments.GetRequiredValue(Name).Trim();
        var role = arguments.GetRequiredValue(Role);
        if (name.Length is 0 or > 128) return session.Output.Fail(ExitCode.Usage, "INVALID_NAME", "--name has 1 to 128 characters");
        var password = await ReadPasswordAsync(arguments.GetRequiredValue(PasswordFile), cancellation);
        var added = await session.Users.AddAsync(Actor.CommandLine, Authority.Whole, name, [role], password, cancellation);
        return added.Status switch
        {
            UserStatus.Done => session.Output.Done(new UserAddedJson(added.Id, name, role), CliJson.Default.UserAddedJson, $"user {added.Id} ({name}, {role}) added"),
            UserStatus.NameTaken => session.Output.Fail(ExitCode.Refused, "NAME_TAKEN", $"there is a user {name} already"),
            UserStatus.InvalidPassword => session.Output.Fail(ExitCode.Usage, "INVALID_PASSWORD", $"the password {added.Detail}"),
            _ => session.Output.Fail(ExitCode.Usage, "INVALID_ROLE", "--role is one of admin, operator, viewer"),
        };
    }

    private static async Task<string> ReadPasswordAsync(string file, CancellationToken cancellation)
    {
        using var reader = file == "-" ? Console.In : new StreamReader(file);
        return (await reader.ReadLineAsync(cancellation))?.TrimEnd('\r') ?? "";
    }
}
