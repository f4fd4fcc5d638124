using Gateway.Tests.Repository;

namespace Gateway.Tests.Storage;

public sealed class SchemaFileTests
{
    private const string Header = """
        -- The whole MySQL/MariaDB schema: the sum of the numbered migrations, for reading and for tools that want one file.
        -- The gateway itself applies the migrations; a test keeps this file equal to them.

        """;

    /// <summary>After a new migration: GATEWAY_WRITE_SCHEMA=1 dotnet test Gateway.Tests --filter SchemaFileTests writes the file.</summary>
    [Fact]
    public void SchemaFile_AgainstTheMigrations_IsTheirSum()
    {
        string folder = Path.Combine(RepositoryRoot.Folder, "Gateway/Storage/Migrations/mysql");
        string[] migrations = [.. Directory.GetFiles(folder, "*.sql").Order(StringComparer.Ordinal)];
        string sum = Header + string.Concat(migrations.Select(path => $"\n-- {Path.GetFileNameWithoutExtension(path)}\n\n{File.ReadAllText(path).Trim()}\n"));

        if (Environment.GetEnvironmentVariable("GATEWAY_WRITE_SCHEMA") == "1")
        {
            File.WriteAllText(Path.Combine(RepositoryRoot.Folder, "schema.sql"), sum);
        }

        Assert.NotEmpty(migrations);
        Assert.Equal(sum, RepositoryRoot.Read("schema.sql"));
    }
}
