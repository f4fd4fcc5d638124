namespace Gateway.Deliver;

/// <summary>Why a stream ends (design section 5). 4000–4099: do not retry as you are; 4100–4199: reconnect and resume.</summary>
internal enum CloseCode
{
    Normal = 1000,
    MessageTooBig = 1009,
    Unauthenticated = 4001,
    Forbidden = 4003,
    ProtocolAbuse = 4008,
    SlowConsumer = 4100,
    Draining = 4101,
    TokenExpired = 4102,
    CannotCheckNow = 4103,
}
