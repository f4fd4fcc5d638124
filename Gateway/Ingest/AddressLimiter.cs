using System.Net;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>
/// Counts wrong secrets per address. Only failures come here, so a proxy that all requests come through cannot be locked out of a valid secret.
/// </summary>
internal sealed class AddressLimiter(TimeProvider time)
{
    private readonly SlidingWindow wrong = new(Limits.Ingest.WrongSecrets, Limits.Ingest.WrongSecretWindow, Limits.Ingest.WrongSecretAddresses, time);

    /// <summary>Whether the address had its share already, with the time after which the next may be looked at. Counts nothing.</summary>
    public bool IsExhausted(IPAddress? address, out TimeSpan wait) => wrong.IsExhausted(AddressKey.Of(address), out wait);

    /// <summary>Counts one failure; false when the address had its share, with the time after which the next may be looked at.</summary>
    public bool TryCount(IPAddress? address, out TimeSpan wait) => wrong.TryCount(AddressKey.Of(address), out wait);
}
