using Gateway.Access;

namespace Gateway.Hosting;

/// <param name="Key">Null with a reason.</param>
/// <param name="Previous">The one it replaces, or is to be replaced by: while a fleet is moved, every process must read what either made.</param>
internal readonly record struct MasterKeyOutcome(MasterKey? Key, string? Reason, MasterKey? Previous = null)
{
    public KeyRing Ring => new(Key!, Previous);
}

/// <summary>Finds the master key where the operator put it, or makes the embedded default's.</summary>
internal static class MasterKeyProvider
{
    public static string PathOf(GatewayOptions options) => Path.Combine(options.DataFolder, MasterKeyFile.Name);

    public static MasterKeyOutcome Get(GatewayOptions options)
    {
        if (options.MasterKey is { } text)
        {
            if (MasterKey.Parse(text) is not { } given) return new(null, "MasterKey is not 32 bytes in base64 or hexadecimal; make one with: openssl rand -base64 32");
            if (options.PreviousMasterKey is not { } other) return new(given, null);
            return MasterKey.Parse(other) is { } previous ? new(given, null, previous) : new(null, "PreviousMasterKey is not 32 bytes in base64 or hexadecimal");
        }

        if (options.PreviousMasterKey is not null) return new(null, "PreviousMasterKey is given without MasterKey; which one is in use?");
        if (!options.Storage.IsSqlite)
        {
            return new(null,
                "a gateway on a shared database needs its master key by option: set GATEWAY__MasterKey or GATEWAY__MasterKeyFile "
                + "(the same on every replica; make one with: openssl rand -base64 32)");
        }

        var path = PathOf(options);
        try
        {
            if (!File.Exists(path) && File.Exists(options.Storage.SqlitePath))
            {
                // A new key would look like a good start, and no API key and no stored bot token would work any more.
                return new(null,
                    $"{options.Storage.SqlitePath} is there, but its master key {path} is not: restore it from a backup. Without it the API keys "
                    + $"and stored bot tokens are lost; to begin with new ones: openssl rand -base64 32 > {path}");
            }

            return MasterKeyFile.ReadBoth(path) is { } kept
                ? new(kept.Current, null, kept.Previous)
                : new(null, $"{path} does not hold a master key; restore it from a backup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, $"the master key cannot be read or made: {e.Message}");
        }
    }
}
