using Gateway.Messages;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Messages;

public sealed class UpdateSamplesTests
{
    private static readonly string GoldenFile = Path.Combine(SampleUpdates.Folder, "updates.facts.txt");

    /// <summary>The golden file was read line by line against the samples when it was made. Written anew beside it on a difference, to be read again.</summary>
    [Fact]
    public void Parse_EverySample_GivesTheReviewedFacts()
    {
        var lines = SampleUpdates.All
            .Select(sample => $"{sample.Name} {FactsText.Describe(UpdateParser.Parse(sample.Body), sample.Body)}")
            .ToArray();
        File.WriteAllLines(GoldenFile + ".new", lines);
        Assert.Equal(File.ReadAllLines(GoldenFile), lines);
    }

    [Fact]
    public void Parse_EverySample_HasTheKindItsSourceNames()
    {
        Assert.Equal(256, SampleUpdates.All.Count);
        foreach (var sample in SampleUpdates.All)
        {
            var kind = UpdateParser.Parse(sample.Body).Kind;
            var expected = sample.Kind.StartsWith("multi:", StringComparison.Ordinal) ? "message" : sample.Kind;
            if (expected == "unknown" && sample.Name == "teloxide_update_new_update_kind_error.json")
            {
                expected = "new_update_kind";
            }

            Assert.True(expected == kind, $"{sample.Name}: {kind}");
        }
    }

    [Fact]
    public void Parse_EverySampleWithOneContentField_HasThatType()
    {
        foreach (var sample in SampleUpdates.All.Where(s => s.MessageKind.Length > 0 && !s.MessageKind.Contains('+')))
        {
            var expected = sample.MessageKind switch
            {
                "other" => "unknown",
                "guest_bot_caller_chat" => "text", // the collection's label, from the field it is about
                var named => named,
            };
            var facts = UpdateParser.Parse(sample.Body);
            Assert.True(expected == facts.MessageType, $"{sample.Name}: {facts.MessageType}");
        }
    }
}
