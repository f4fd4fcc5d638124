using Gateway.Storage;

namespace Gateway.Tests.Access;

public sealed class SqliteAuditTests : AuditSuite, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-audit-");

    internal override ValueTask<StorageUrl> CreateAsync() => ValueTask.FromResult(StorageUrl.InFolder(folder.FullName));

    public void Dispose() => folder.Delete(recursive: true);
}
