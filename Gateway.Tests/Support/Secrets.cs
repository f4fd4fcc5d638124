using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Support;

/// <summary>
/// Every secret that this run made, with where it came from. <see cref="RunLog"/> is searched for them when the run ends: one that stands in
/// a log fails the run (see <see cref="GatewayTestFramework"/>).
/// </summary>
internal static partial class Secrets
{
    // A shorter text stands in logs by chance: an id, a word of a message.
    private const int ShortestChars = 8;

    private static readonly ConcurrentDictionary<string, string> Made = new(StringComparer.Ordinal);

    /// <summary>Members of a command's answer that are secrets.</summary>
    private static readonly string[] Members = ["key", "token", "webhook_secret", "secret_token", "password", "access_token", "refresh_token", "ticket"];

    /// <summary>Arguments of a command that are followed by a secret.</summary>
    private static readonly string[] Arguments = ["--token", "--webhook-secret", "--secret-token", "--password"];

    public static IReadOnlyDictionary<string, string> All => Made;

    /// <returns>The same text, so that it can stand where the secret is made.</returns>
    public static string Note(string secret, string what)
    {
        if (secret.Length >= ShortestChars) Made.TryAdd(secret, what);
        return secret;
    }

    public static void NoteArguments(IReadOnlyList<string> arguments)
    {
        for (var i = 1; i < arguments.Count; i++)
        {
            if (Arguments.Contains(arguments[i - 1])) Note(arguments[i], arguments[i - 1]);
        }
    }

    /// <summary>Settings that are secrets themselves; those that end in File only say where one is.</summary>
    public static void NoteSettings(IEnumerable<(string Name, string Value)> settings)
    {
        foreach (var (name, value) in settings)
        {
            if (SecretSetting().IsMatch(name)) Note(value, name);
        }
    }

    public static void NoteFile(string path, string what)
    {
        if (File.Exists(path)) Note(File.ReadAllText(path).Trim(), what);
    }

    /// <summary>Keys anywhere in a text: the greeting of a first start shows one.</summary>
    public static void NoteKeysIn(string text)
    {
        foreach (Match key in ApiKey().Matches(text)) Note(key.Value, "api key");
    }

    /// <summary>The secrets among the members of an answer, at any depth.</summary>
    public static void NoteAnswer(JsonElement answer)
    {
        if (answer.ValueKind == JsonValueKind.Array)
        {
            foreach (var each in answer.EnumerateArray()) NoteAnswer(each);
        }
        else if (answer.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in answer.EnumerateObject())
            {
                if (member.Value.ValueKind == JsonValueKind.String && Members.Contains(member.Name)) Note(member.Value.GetString()!, member.Name);
                else NoteAnswer(member.Value);
            }
        }
    }

    [GeneratedRegex(@"tgw_\d+_[A-Za-z0-9_-]{54}")]
    private static partial Regex ApiKey();

    [GeneratedRegex("(Key|Password|Token|Secret)$")]
    private static partial Regex SecretSetting();
}
