using System.CommandLine;
using Gateway.Hosting;

namespace Gateway.Cli;

/// <summary>The options every command has.</summary>
internal static class CommonOptions
{
    public const string DefaultConfigFile = "appsettings.json";

    public static readonly Option<string?> Data = new("--data")
    {
        Description = "The data folder [default: ./data]",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "mysql://user:password@host:port/name instead of SQLite in the data folder",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string?> DatabaseFile = new("--database-file")
    {
        Description = "A file with that URL: the arguments of a process are for everybody to see",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string?> MasterKeyFile = new("--master-key-file")
    {
        Description = "A file with the master key [default: the environment's, or the data folder's with SQLite]",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<string?> Config = new("--config")
    {
        Description = $"A settings file [default: ./{DefaultConfigFile} if it is there]",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object",
        Recursive = true,
    };

    /// <summary>Not of every command: those that have it add it.</summary>
    public static readonly Option<string?> PublicUrl = new("--public-url")
    {
        Description = "Where Telegram reaches the gateway; webhooks are then registered there. Example: https://bots.example.com",
        HelpName = "URL",
    };

    /// <summary>Settings file, environment, arguments: later ones win.</summary>
    public static OptionsOutcome Read(ParseResult arguments, params (Option<string?> Option, string Name)[] more)
    {
        var values = new OptionValues();
        var config = arguments.GetValue(Config);
        values.AddFile(config ?? DefaultConfigFile, mustExist: config is not null);
        values.AddEnvironment(Environment.GetEnvironmentVariables());
        (Option<string?> Option, string Name)[] all =
            [(Data, "Data"), (Database, "Database"), (DatabaseFile, "DatabaseFile"), (MasterKeyFile, "MasterKeyFile"), (PublicUrl, "PublicUrl"), .. more];
        foreach (var (option, name) in all)
        {
            if (arguments.GetValue(option) is { } text) values.SetFromArgument(name, text, option.Name);
        }

        return OptionsReader.Read(values);
    }
}
