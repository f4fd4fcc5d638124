namespace Gateway.Http;

/// <summary>Whether bytes that were made some time ago may still leave the process (law L7).</summary>
internal enum RestStatus
{
    Send,

    /// <summary>Permissions are not known to be current.</summary>
    Hold,

    /// <summary>Some of it may be of what is no longer granted.</summary>
    Cut,
}
