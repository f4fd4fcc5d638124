using System.Text.Json;
using NJsonSchema;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Repository;

/// <summary>No Docker engine runs where these tests do, so the compose file is held against the schema of the Compose Specification.</summary>
public sealed class ComposeFileTests
{
    [Fact]
    public async Task ComposeFile_AgainstTheComposeSchema_IsValid()
    {
        Assert.Empty(await ValidateAsync(RepositoryRoot.Read("docker-compose.yml")));
    }

    [Fact]
    public async Task ComposeFile_WithAMisspeltKey_IsRefused()
    {
        string broken = RepositoryRoot.Read("docker-compose.yml").Replace("healthcheck:", "healthchek:", StringComparison.Ordinal);

        Assert.NotEmpty(await ValidateAsync(broken));
    }

    [Fact]
    public void ComposeFile_Database_FlushesEachCommit()
    {
        Assert.Contains("--innodb-flush-log-at-trx-commit=1", RepositoryRoot.Read("docker-compose.yml"), StringComparison.Ordinal);
    }

    private static async Task<ICollection<NJsonSchema.Validation.ValidationError>> ValidateAsync(string yaml)
    {
        string schemaPath = Path.Combine(AppContext.BaseDirectory, "Data", "compose-spec", "compose-spec.json");
        JsonSchema schema = await JsonSchema.FromJsonAsync(await File.ReadAllTextAsync(schemaPath));
        object? graph = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(new StringReader(yaml));
        return schema.Validate(JsonSerializer.Serialize(graph));
    }
}
