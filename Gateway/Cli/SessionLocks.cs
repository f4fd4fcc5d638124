using Gateway.Hosting;

namespace Gateway.Cli;

internal enum SessionMode
{
    /// <summary>Makes no folder, no key and no database, and migrates nothing.</summary>
    Look,

    Change,

    /// <summary>Changes what no other process may use meanwhile.</summary>
    Alone,
}

/// <summary>What keeps a command on an embedded database from working while the master key in its folder is replaced, and the other way round.</summary>
internal sealed class SessionLocks : IDisposable
{
    private readonly IDisposable?[] held;

    private SessionLocks((string Code, string Message)? refusal, params IDisposable?[] held)
    {
        Refusal = refusal;
        this.held = held;
    }

    public (string Code, string Message)? Refusal { get; }

    public static SessionLocks Take(SessionMode mode, GatewayOptions options)
    {
        // With a key by option every process knows both keys while one replaces the other.
        if (mode == SessionMode.Look || !options.Storage.IsSqlite || options.MasterKey is not null) return new(null);
        if (mode == SessionMode.Change)
        {
            var shared = CommandLock.TryShare(options.DataFolder);
            return shared is null ? new(("BUSY", "the master key is being replaced; the same command works afterwards")) : new(null, shared);
        }

        var instance = InstanceLock.TryTake(options.DataFolder);
        if (instance is null) return new(("SERVER_RUNNING", $"a gateway is serving {Path.GetFullPath(options.DataFolder)}; stop it first"));
        var alone = CommandLock.TryTakeAlone(options.DataFolder);
        return new(alone is null ? ("BUSY", "another command is at work in this folder; try again when it has ended") : null, instance, alone);
    }

    public void Dispose()
    {
        foreach (var each in held) each?.Dispose();
    }
}
