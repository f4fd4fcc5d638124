namespace Gateway.Deliver;

/// <summary>Why a stream ends (design section 5). 4000–4099: do not retry as you are; 4100–4199: reconnect and resume.</summary>
internal enum CloseCode
{
    Normal = 1000,

    /// <summary>The peer broke RFC 6455.</summary>
    ProtocolError = 1002,

    /// <summary>A binary message: this protocol is JSON text.</summary>
    UnsupportedData = 1003,

    /// <summary>Text that is not UTF-8.</summary>
    InvalidPayload = 1007,
    MessageTooBig = 1009,
    Unauthenticated = 4001,
    Forbidden = 4003,
    ProtocolAbuse = 4008,
    SlowConsumer = 4100,
    Draining = 4101,
    TokenExpired = 4102,
    CannotCheckNow = 4103,
}
