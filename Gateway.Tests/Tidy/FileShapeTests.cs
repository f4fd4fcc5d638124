using System.Text.RegularExpressions;

namespace Gateway.Tests.Tidy;

public sealed partial class FileShapeTests
{
    private const int MaxLines = 400;
    private const int MedianLines = 80;
    private const int ProgramLines = 30;

    [Fact]
    public void Files_AnyLength_FitTheCeiling()
    {
        IEnumerable<string> tooLong = SourceFile.All.Where(file => file.Lines.Length > MaxLines).Select(file => $"{file.RelativePath}: {file.Lines.Length} lines");

        Violations.None(tooLong);
    }

    [Fact]
    public void Files_OfTheGateway_HaveASmallMedian()
    {
        int[] lengths = [.. SourceFile.Gateway.Select(file => file.Lines.Length).Order()];

        Assert.InRange(lengths[lengths.Length / 2], 1, MedianLines - 1);
    }

    [Fact]
    public void Program_Always_OnlyHandsOver()
    {
        Assert.InRange(SourceFile.Gateway.Single(file => file.RelativePath == "Gateway/Program.cs").Lines.Length, 1, ProgramLines);
    }

    [Fact]
    public void Files_Namespace_IsTheFolder()
    {
        List<string> elsewhere = [];
        foreach (SourceFile file in SourceFile.All)
        {
            Match declared = NamespaceLine().Match(file.Text);
            string expected = Path.GetDirectoryName(file.RelativePath)!.Replace('/', '.');
            if (declared.Success && declared.Groups[1].Value != expected)
            {
                elsewhere.Add($"{file.RelativePath}: {declared.Groups[1].Value}");
            }
        }

        Violations.None(elsewhere);
    }

    [Fact]
    public void Comments_Anywhere_HoldNoUnfinishedWork()
    {
        Violations.None(Find(UnfinishedWork(), file => file.Lines, exceptThisFile: true));
    }

    [Fact]
    public void Comments_Anywhere_HoldNoCode()
    {
        Violations.None(Find(CommentedCode(), file => file.Lines));
    }

    internal static List<string> Find(Regex pattern, Func<SourceFile, string[]> lines, bool exceptThisFile = false)
    {
        List<string> found = [];
        foreach (SourceFile file in SourceFile.All)
        {
            string[] text = lines(file);
            for (int i = 0; i < text.Length; i++)
            {
                if (pattern.IsMatch(text[i]) && !(exceptThisFile && file.RelativePath.EndsWith($"/{nameof(FileShapeTests)}.cs", StringComparison.Ordinal)))
                {
                    found.Add($"{file.RelativePath}:{i + 1}: {file.Lines[i].Trim()}");
                }
            }
        }

        return found;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex UnfinishedWork();

    [GeneratedRegex(@"^\s*//(?!/)\s*(\}|\{|.*\)\s*;|(var|if|for|foreach|while|return|await|using)\b[^.]*[;{])\s*$")]
    private static partial Regex CommentedCode();
}
