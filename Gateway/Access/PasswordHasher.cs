using System.Text;
using Gateway.Messages;

namespace Gateway.Access;

internal enum PasswordVerdict
{
    Right,
    Wrong,

    /// <summary>Too many are being checked: 503, never "wrong".</summary>
    Unavailable,
}

/// <summary>
/// BCrypt over users' passwords. One run takes some 50 ms of a core, so runs are bounded in number, and none is on a thread that serves requests.
/// </summary>
internal sealed class PasswordHasher : IDisposable
{
    /// <summary>
    /// Compared with where there is no user to compare with, so that an unknown name takes the time of a wrong password. No password has this
    /// hash as far as anyone knows, and one that had would gain nothing: the verdict is "wrong" before it is computed.
    /// </summary>
    private static readonly string nobody = $"$2a${Limits.Access.PasswordWorkFactor}$7Zq1vTqFbYb0kSxu0l7kEeW5wUu6nq3XG8bZ4m1tC9dJ2yR0oVh6.";

    private readonly SemaphoreSlim slots = new(Limits.Access.ConcurrentPasswordChecks);
    private int waiting;

    /// <summary>Null: it may be a password. Length only (NIST SP 800-63B: no rules of composition); BCrypt reads 72 bytes, and a longer one would equal its first 72.</summary>
    public static string? Problem(string password) =>
        Encoding.UTF8.GetByteCount(password) is >= Limits.Access.PasswordLeastBytes and <= Limits.Access.PasswordMostBytes
            ? password.Contains('\0', StringComparison.Ordinal) ? "must not have a zero character" : null
            : $"must have {Limits.Access.PasswordLeastBytes} to {Limits.Access.PasswordMostBytes} bytes";

    /// <summary>For administration, which is not bounded by strangers' tries but waits its turn like them.</summary>
    public async Task<string> HashAsync(string password)
    {
        await slots.WaitAsync();
        try
        {
            return await Task.Run(() => BCrypt.Net.BCrypt.HashPassword(password, Limits.Access.PasswordWorkFactor));
        }
        finally
        {
            slots.Release();
        }
    }

    /// <param name="hash">Null: there is no such user, or none who may come in. It takes as long, and the verdict is never Right.</param>
    public async Task<PasswordVerdict> VerifyAsync(string password, string? hash)
    {
        if (Interlocked.Increment(ref waiting) > Limits.Access.WaitingPasswordChecks)
        {
            Interlocked.Decrement(ref waiting);
            return PasswordVerdict.Unavailable;
        }

        await slots.WaitAsync();
        try
        {
            // Too long to be anyone's: as slow as any other wrong one, on what BCrypt would read of it.
            var isPossible = hash is not null && Encoding.UTF8.GetByteCount(password) <= Limits.Access.PasswordMostBytes;
            var matches = await Task.Run(() => BCrypt.Net.BCrypt.Verify(password, hash ?? nobody));
            return matches && isPossible ? PasswordVerdict.Right : PasswordVerdict.Wrong;
        }
        finally
        {
            slots.Release();
            Interlocked.Decrement(ref waiting);
        }
    }

    public void Dispose() => slots.Dispose();
}
