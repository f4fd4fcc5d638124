using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Messages;
using Konscious.Security.Cryptography;

namespace Gateway.Access;

/// <summary>
/// Argon2id over API keys, written as PHC strings (<c>$argon2id$v=19$m=…,t=…,p=…$salt$hash</c>), so that the parameters may change and old
/// keys stay valid. At most <see cref="Limits.Access.ConcurrentVerifications"/> run at once: one takes tens of milliseconds of a core
/// and megabytes, and a storm of reconnecting clients must not take them from the commit path.
/// </summary>
internal sealed class ApiKeyHasher : IDisposable
{
    private readonly SemaphoreSlim slots = new(Limits.Access.ConcurrentVerifications);

    public async Task<string> HashAsync(string text)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = await ComputeAsync(text, salt, Limits.Access.Argon2MemoryKiB, Limits.Access.Argon2Passes, 1, 32);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"$argon2id$v=19$m={Limits.Access.Argon2MemoryKiB},t={Limits.Access.Argon2Passes},p=1${Unpadded(salt)}${Unpadded(hash)}");
    }

    /// <summary>False also for a stored text that is no such hash.</summary>
    public async Task<bool> VerifyAsync(string text, string stored)
    {
        var parts = stored.Split('$');
        if (parts.Length != 6 || parts[1] != "argon2id" || parts[2] != "v=19" || !TryReadParameters(parts[3], out var memoryKiB, out var passes, out var lanes))
        {
            return false;
        }

        var expected = FromUnpadded(parts[5]);
        var actual = await ComputeAsync(text, FromUnpadded(parts[4]), memoryKiB, passes, lanes, expected.Length);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    public void Dispose() => slots.Dispose();

    private async Task<byte[]> ComputeAsync(string text, byte[] salt, int memoryKiB, int passes, int lanes, int lengthBytes)
    {
        await slots.WaitAsync();
        try
        {
            // Off the caller's thread: the library computes on the thread that calls it until its first await.
            return await Task.Run(async () =>
            {
                using var argon2 = new Argon2id(Encoding.UTF8.GetBytes(text))
                {
                    Salt = salt,
                    MemorySize = memoryKiB,
                    Iterations = passes,
                    DegreeOfParallelism = lanes,
                };
                return await argon2.GetBytesAsync(lengthBytes);
            });
        }
        finally
        {
            slots.Release();
        }
    }

    private static bool TryReadParameters(string text, out int memoryKiB, out int passes, out int lanes)
    {
        memoryKiB = passes = lanes = 0;
        var parts = text.Split(',');
        return parts.Length == 3
            && TryReadParameter(parts[0], "m=", out memoryKiB)
            && TryReadParameter(parts[1], "t=", out passes)
            && TryReadParameter(parts[2], "p=", out lanes);
    }

    private static bool TryReadParameter(string text, string name, out int value)
    {
        value = 0;
        return text.StartsWith(name, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value > 0;
    }

    private static string Unpadded(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] FromUnpadded(string text) => Convert.FromBase64String(text + new string('=', (4 - (text.Length % 4)) % 4));
}
