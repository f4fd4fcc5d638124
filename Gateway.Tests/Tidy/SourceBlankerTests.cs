namespace Gateway.Tests.Tidy;

public sealed class SourceBlankerTests
{
    [Theory]
    [InlineData("a; // Thread.Sleep", "a;                ")]
    [InlineData("a /* b */ c", "a         c")]
    [InlineData("x(\"say \\\"hi\\\" //\"); y", "x(               ); y")]
    [InlineData("x(@\"c:\\\"); y", "x(@     ); y")]
    [InlineData("'\"' + y", "    + y")]
    [InlineData("\"\"\"a \" b\"\"\" + y", "            + y")]
    public void Blank_Literals_LeavesOnlyCode(string source, string expected)
    {
        string blanked = SourceBlanker.Blank(source);

        Assert.Equal(source.Length, blanked.Length);
        Assert.Equal(expected.Trim(), blanked.Trim());
    }
}
