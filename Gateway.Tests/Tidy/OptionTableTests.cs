using System.Text.RegularExpressions;
using Gateway.Hosting;
using Gateway.Tests.Repository;

namespace Gateway.Tests.Tidy;

/// <summary>Holds the table of options in <c>docs/operations.md</c> true: what the reader knows is in it, and what is in it the reader knows.</summary>
public sealed partial class OptionTableTests
{
    // Taken so that a start script need not change in a later version, and without effect in this one (nothing but streams asks for a key).
    private static readonly string[] Later = ["Grpc:Listen", "Redis", "Auth:QueryEverywhere"];

    [Fact]
    public void Table_EveryOption_IsInIt()
    {
        string reader = SourceFile.Gateway.Single(file => file.RelativePath == "Gateway/Hosting/OptionsReader.cs").Text;
        string[] options = [.. OptionName().Matches(reader).Select(match => match.Groups[1].Value).Distinct().Except(Later)];

        Assert.Contains("Http:Listen", options);
        Violations.None(options.Except(Told()));
    }

    [Fact]
    public void Table_EveryRow_IsAnOption()
    {
        string[] told = [.. Told()];
        OptionValues values = new();
        foreach (string name in told) values.Set(name, "", "the table");

        Assert.NotEmpty(told);
        Violations.None(OptionsReader.Read(values).Errors.Where(error => error.Contains("no such option", StringComparison.Ordinal)));
    }

    /// <summary><c>GATEWAY__Http__CertificateFile`, `…CertificateKeyFile</c> names two of one section; <c>…PasswordFile</c> is the form of a secret as a file.</summary>
    private static IEnumerable<string> Told()
    {
        foreach (string row in RepositoryRoot.Read("docs/operations.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)))
        {
            string section = "";
            foreach (Match match in TableName().Matches(row))
            {
                string name = match.Groups[2].Value.Replace("__", ":", StringComparison.Ordinal);
                if (match.Groups[1].Value != "…") section = name.Contains(':', StringComparison.Ordinal) ? name[..(name.IndexOf(':', StringComparison.Ordinal) + 1)] : "";
                yield return match.Groups[1].Value == "…" ? section + name : name;
            }
        }
    }

    [GeneratedRegex(@"\b(?:Text|Secret|Url|Number|Flag|Choice|Listen|ExistingFile)\(""([\w:]+)""")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"`(GATEWAY__|…)(\w+)`")]
    private static partial Regex TableName();
}
