using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.LoadTests;

/// <summary><c>SCENARIO [--name value]…</c>; an option nobody asks for is an error, so that a typo is never a silent default.</summary>
internal sealed partial class CommandLine
{
    private readonly Dictionary<string, string> options = [];
    private readonly HashSet<string> known = ["binary", "store", "database", "data", "json", "seconds", "warm-up", "connections", "rate", "subscribers", "sockets", "starts", "bytes", "port", "deliveries", "events", "back"];

    public CommandLine(string[] arguments)
    {
        Scenario = arguments.Length > 0 ? arguments[0] : "";
        Text = PasswordInUrl().Replace(string.Join(" ", arguments), ":***@");
        for (int index = 1; index < arguments.Length; index += 2)
        {
            string name = arguments[index].TrimStart('-');
            if (!known.Contains(name) || index + 1 == arguments.Length)
            {
                throw new ArgumentException($"unknown option or missing value: {arguments[index]}");
            }

            options[name] = arguments[index + 1];
        }

        if (options.GetValueOrDefault("store") == "mysql" && !options.ContainsKey("database"))
        {
            throw new ArgumentException("--store mysql needs --database mysql://user:password@host:port/name");
        }
    }

    public string Scenario { get; }

    /// <summary>As it was typed, without a database password.</summary>
    public string Text { get; }

    public string? Optional(string name) => options.GetValueOrDefault(name);

    public string Required(string name) => Optional(name) ?? throw new ArgumentException($"--{name} is required");

    public int Number(string name, int otherwise) =>
        Optional(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public int[] Numbers(string name, params int[] otherwise) =>
        Optional(name) is { } text ? [.. text.Split(',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))] : otherwise;

    public TimeSpan Seconds(string name, int otherwise) => TimeSpan.FromSeconds(Number(name, otherwise));

    [GeneratedRegex("(?<=://[^:@/ ]*):[^@/ ]*@")]
    private static partial Regex PasswordInUrl();
}
