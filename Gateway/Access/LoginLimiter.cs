using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Access;

/// <summary>
/// Bounds tries at passwords, per address and per account. A try is counted before the password is looked at, or a thousand at once would all pass,
/// and taken back when it was right: that one only, because whoever has an account of his own could else guess at others without end by logging in to it in
/// between. Names nobody has are counted as well: otherwise being refused would tell which names somebody has.
/// </summary>
internal sealed class LoginLimiter(TimeProvider time)
{
    private readonly SlidingWindow byAddress =
        new(Limits.Access.LoginsPerAddress, Limits.Access.LoginAddressWindow, Limits.Access.LoginCounts, time);

    private readonly SlidingWindow byAccount =
        new(Limits.Access.LoginsPerAccount, Limits.Access.LoginAccountWindow, Limits.Access.LoginCounts, time);

    private readonly SlidingWindow refreshes =
        new(Limits.Access.RefreshesPerAddress, Limits.Access.LoginAddressWindow, Limits.Access.LoginCounts, time);

    /// <summary>False: the address had its share of refreshes, good ones too.</summary>
    public bool TryCountRefresh(IPAddress? address, out TimeSpan wait) => refreshes.TryCount(AddressKey.Of(address), out wait);

    public bool TryCountAddress(IPAddress? address, out TimeSpan wait, out long window) => byAddress.TryCount(AddressKey.Of(address), out wait, out window);

    /// <summary>False: the account had its share of wrong passwords.</summary>
    public bool TryCountAccount(string name, out TimeSpan wait, out long window) => byAccount.TryCount(AccountKey(name), out wait, out window);

    /// <param name="window">Where it was counted.</param>
    public void ForgiveAddress(IPAddress? address, long window) => byAddress.Forgive(AddressKey.Of(address), window);

    public void ForgiveAccount(string name, long window) => byAccount.Forgive(AccountKey(name), window);

    /// <summary>128 bits of a hash: nobody finds a second name for one count.</summary>
    private static UInt128 AccountKey(string name) => MemoryMarshal.Read<UInt128>(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
