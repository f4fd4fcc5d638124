using Gateway.Messages;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gateway.Cli.Apply;

/// <summary>
/// Reads YAML through the library's parser, its events only: the object mapping would need reflection. Anchors and aliases are refused, for a few lines
/// of them stand for more nodes than any memory holds ("billion laughs"), and so are tags, which name types.
/// </summary>
internal sealed class YamlReader
{
    private readonly Parser parser;
    private readonly ConfigurationErrors errors;

    private YamlReader(string text, ConfigurationErrors errors)
    {
        parser = new Parser(new StringReader(text));
        this.errors = errors;
    }

    /// <summary>Null for a file without content, and for one that is no YAML; then there are errors.</summary>
    public static YamlNode? Read(string text, ConfigurationErrors errors)
    {
        try
        {
            return new YamlReader(text, errors).ReadDocument();
        }
        catch (YamlException e)
        {
            // What was read up to here is not told: one broken line makes nonsense of all that follow.
            errors.Add(PositionOf(e.Start), $"is not YAML: {e.Message}");
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _)) return null;
        parser.Consume<DocumentStart>();
        var node = ReadNode(0);
        parser.Consume<DocumentEnd>();
        if (parser.Current is DocumentStart second) errors.Add(PositionOf(second.Start), "a second document begins; a configuration is one document");
        return node;
    }

    private YamlNode ReadNode(int depth)
    {
        var at = PositionOf(parser.Current!.Start);
        if (parser.TryConsume<AnchorAlias>(out _))
        {
            errors.Add(at, "aliases (*name) are not supported; write it out");
            return new YamlScalar(at, "", IsPlain: true);
        }

        RefuseExtras((NodeEvent)parser.Current, at);
        if (parser.TryConsume<Scalar>(out var scalar)) return new YamlScalar(at, scalar.Value, scalar.Style == ScalarStyle.Plain);
        if (depth >= Limits.Cli.ConfigurationDepth) throw new YamlException(parser.Current.Start, parser.Current.End, "too deeply nested");
        return parser.TryConsume<SequenceStart>(out _) ? ReadSequence(at, depth) : ReadMapping(at, depth);
    }

    private void RefuseExtras(NodeEvent node, FilePosition at)
    {
        if (!node.Anchor.IsEmpty) errors.Add(at, "anchors (&name) are not supported");
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific) errors.Add(at, "tags (!name) are not supported");
    }

    private YamlSequence ReadSequence(FilePosition at, int depth)
    {
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
        return new YamlSequence(at, items);
    }

    private YamlMapping ReadMapping(FilePosition at, int depth)
    {
        parser.Consume<MappingStart>();
        var fields = new List<YamlField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var name = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (name is not YamlScalar { Text: var text }) errors.Add(name.At, "a field's name is a word");
            else if (!names.Add(text)) errors.Add(name.At, $"{text}: is there twice");
            else fields.Add(new YamlField(text, name.At, value));
        }

        return new YamlMapping(at, fields);
    }

    private static FilePosition PositionOf(in Mark mark) => new(mark.Line, mark.Column);
}
