namespace Gateway.Cli.Apply;

/// <summary>Where something stands in the file, counted from 1 as editors do.</summary>
internal readonly record struct FilePosition(long Line, long Column) : IComparable<FilePosition>
{
    public int CompareTo(FilePosition other) => Line != other.Line ? Line.CompareTo(other.Line) : Column.CompareTo(other.Column);
}

/// <summary>What a YAML file says, with positions for error messages; nothing of what YAML could do beyond data (tags, anchors, several documents).</summary>
internal abstract record YamlNode(FilePosition At);

/// <param name="IsPlain">Without quotes: only such a text can be a number, true, false or null.</param>
internal sealed record YamlScalar(FilePosition At, string Text, bool IsPlain) : YamlNode(At)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null";
}

internal sealed record YamlSequence(FilePosition At, IReadOnlyList<YamlNode> Items) : YamlNode(At);

internal sealed record YamlMapping(FilePosition At, IReadOnlyList<YamlField> Fields) : YamlNode(At);

internal sealed record YamlField(string Name, FilePosition At, YamlNode Value);
