namespace Gateway.Tests.Repository;

/// <summary>The working copy these tests were built from, found upwards from the test binary.</summary>
internal static class RepositoryRoot
{
    public static string Folder { get; } = Find();

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Folder, relativePath));

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Gateway.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests must run from a build inside the working copy.");
    }
}
