using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CsCheck;
using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Messages;

public sealed class UpdateParserPropertyTests
{
    private const int MutationsPerSample = 150;

    /// <summary>What the body says does not depend on the order of its keys, on how they are written, on white space or on fields nobody knows.</summary>
    [Fact]
    public void Parse_SampleWrittenAnotherWay_GivesTheSameFacts()
    {
        // A second kind and a duplicate key are the two things whose order does matter.
        var samples = SampleUpdates.All.Where(sample => !sample.Kind.StartsWith("multi:") && sample.Name != "synthetic_duplicate_keys.json").ToArray();
        Gen.Select(Gen.Int[0, samples.Length - 1], Gen.Int).Sample(
            (index, seed) =>
            {
                var body = samples[index].Body;
                var written = new Rewriter(new Random(seed)).Rewrite(body);
                return FactsText.Describe(UpdateParser.Parse(written), written) == FactsText.Describe(UpdateParser.Parse(body), body);
            },
            iter: 3000);
    }

    /// <summary>Damaged bodies: an answer for all of them, unparsed exactly where a strict reader refuses, and slices within the body.</summary>
    [Fact]
    public void Parse_MutatedSamples_NeverThrowsAndAgreesWithAStrictReader()
    {
        foreach (var sample in SampleUpdates.All)
        {
            var random = new Random(sample.Body.Length);
            for (var round = 0; round < MutationsPerSample; round++)
            {
                Check(Mutate(sample.Body, random));
            }
        }
    }

    [Fact]
    public void Parse_AnyBytes_NeverThrowsAndAgreesWithAStrictReader()
    {
        Gen.Byte.Array[0, 60].Sample(Check, iter: 5000);
        var pieces = new[] { "{", "}", "[", "]", ":", ",", "\"", "\"message\"", "\"chat\"", "\"id\"", "1", "-", "e5", "\\u", "\\ud83d", "null", "\"text\"", "\"photo\"", "\"entities\"", "\"update_id\"", " ", "é", "\0" };
        Gen.Int[0, pieces.Length - 1].Array[0, 25].Sample(parts => Check(Encoding.UTF8.GetBytes("{" + string.Concat(parts.Select(part => pieces[part])))), iter: 20000);
    }

    private static void Check(byte[] body)
    {
        var facts = UpdateParser.Parse(body);
        Assert.Equal(IsOneObject(body), facts.Kind != UpdateKinds.Unparsed);
        FactsText.Describe(facts, body);
        if (facts.Kind == UpdateKinds.Unparsed)
        {
            Assert.Null(facts.UpdateId);
            Assert.Null(facts.TelegramChatId);
        }
    }

    private static bool IsOneObject(byte[] body)
    {
        var text = body.AsSpan().StartsWith("\uFEFF"u8) ? body.AsMemory(3) : body;
        if (!Utf8.IsValid(body))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Limits.Ingest.UpdateDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        List<byte> mutated = [.. body];
        for (var changes = random.Next(1, 4); changes > 0 && mutated.Count > 1; changes--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(5))
            {
                case 0: mutated[at] = (byte)random.Next(256); break;
                case 1: mutated[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: mutated.RemoveRange(at, Math.Min(random.Next(1, 9), mutated.Count - at)); break;
                case 3: mutated.Insert(at, "{}[]\",:\\0e-"u8[random.Next(11)]); break;
                default: mutated.RemoveRange(at, mutated.Count - at); break;
            }
        }

        return [.. mutated];
    }

    /// <summary>Writes a document again: members shuffled, names escaped here and there, strings and numbers as they were.</summary>
    private sealed class Rewriter(Random random)
    {
        private readonly StringBuilder text = new();

        public byte[] Rewrite(byte[] body)
        {
            var isMarked = body.AsSpan().StartsWith("\uFEFF"u8);
            using var document = JsonDocument.Parse(isMarked ? body.AsMemory(3) : body, new JsonDocumentOptions { MaxDepth = 500 });
            Write(document.RootElement, 0);
            return Encoding.UTF8.GetBytes(text.ToString());
        }

        private void Write(JsonElement element, int level)
        {
            Space();
            if (element.ValueKind == JsonValueKind.Object)
            {
                WriteObject(element, level);
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                text.Append('[');
                var separator = "";
                foreach (var item in element.EnumerateArray())
                {
                    text.Append(separator);
                    Write(item, level + 1);
                    separator = ",";
                }

                text.Append(']');
            }
            else
            {
                text.Append(element.GetRawText());
            }

            Space();
        }

        private void WriteObject(JsonElement element, int level)
        {
            var members = element.EnumerateObject().Select(member => (member.Name, (JsonElement?)member.Value)).ToList();
            if (random.Next(3) == 0)
            {
                members.Add(("zz_unknown", null));
            }

            var shuffled = members.ToArray();
            random.Shuffle(shuffled);
            text.Append('{');
            var separator = "";
            foreach (var (name, value) in shuffled)
            {
                text.Append(separator).Append('"');
                WriteName(name);
                text.Append("\":");
                if (value is { } known)
                {
                    Write(known, level + 1);
                }
                else
                {
                    // At the top an object would name a kind.
                    text.Append(level == 0 ? "[[{}],\"}\"]" : """{"chat":{"id":666},"text":"}","file_id":[{"file_id":"no"}]}""");
                }

                separator = ",";
            }

            text.Append('}');
        }

        private void WriteName(string name)
        {
            var isEscaped = random.Next(4) == 0;
            foreach (var unit in name)
            {
                text.Append(isEscaped && random.Next(2) == 0 ? $"\\u{(int)unit:x4}" : unit.ToString());
            }
        }

        private void Space()
        {
            if (random.Next(8) == 0)
            {
                text.Append(" \n\t\r"[random.Next(4)]);
            }
        }
    }
}
