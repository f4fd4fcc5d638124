using System.Text.Json;

namespace Gateway.Tests.Tidy;

/// <summary>
/// Reads back what the built program starts with. A misspelt property in the project file is silently ignored, and the Web SDK's
/// default is the server collector: that is how this went wrong once.
/// </summary>
public sealed class RuntimeConfigurationTests
{
    [Fact]
    public void Program_Built_RunsOneHeapWithoutABackgroundCollector()
    {
        Assert.False(Property("System.GC.Server").GetBoolean());
        Assert.False(Property("System.GC.Concurrent").GetBoolean());
    }

    [Fact]
    public void Program_Built_HasThePoolsSpinLimit()
    {
        Assert.Equal(0, Property("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit").GetInt32());
    }

    [Fact]
    public void Program_Built_HasNoReflectionBasedJson()
    {
        Assert.False(Property("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault").GetBoolean());
    }

    private static JsonElement Property(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "gateway.runtimeconfig.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty(name).Clone();
    }
}
