using Gateway.Access;

namespace Gateway.Hosting;

/// <param name="Key">Null with a reason.</param>
internal readonly record struct MasterKeyOutcome(MasterKey? Key, string? Reason);

/// <summary>Finds the master key where the operator put it, or makes the embedded default's.</summary>
internal static class MasterKeyProvider
{
    public static MasterKeyOutcome Get(GatewayOptions options)
    {
        if (options.MasterKey is { } text)
        {
            var given = MasterKey.Parse(text);
            return given is null
                ? new(null, "MasterKey is not 32 bytes in base64 or hexadecimal; make one with: openssl rand -base64 32")
                : new(given, null);
        }

        if (!options.Storage.IsSqlite)
        {
            return new(null,
                "a gateway on a shared database needs its master key by option: set GATEWAY__MasterKey or GATEWAY__MasterKeyFile "
                + "(the same on every replica; make one with: openssl rand -base64 32)");
        }

        var path = Path.Combine(options.DataFolder, MasterKeyFile.Name);
        try
        {
            if (!File.Exists(path) && File.Exists(options.Storage.SqlitePath))
            {
                // A new key would look like a good start, and no API key and no stored bot token would work any more.
                return new(null,
                    $"{options.Storage.SqlitePath} is there, but its master key {path} is not: restore it from a backup. Without it the API keys "
                    + $"and stored bot tokens are lost; to begin with new ones: openssl rand -base64 32 > {path}");
            }

            var kept = MasterKeyFile.ReadOrCreate(path);
            return kept is null ? new(null, $"{path} does not hold a master key; restore it from a backup") : new(kept, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, $"the master key cannot be read or made: {e.Message}");
        }
    }
}
