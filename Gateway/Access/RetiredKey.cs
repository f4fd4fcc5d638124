namespace Gateway.Access;

/// <summary>A key derived from a master key that was replaced: it checks what was made before, and makes nothing.</summary>
/// <param name="Purpose">The value of <c>derived_keys.purpose</c>.</param>
/// <param name="Id">Of the master key that it was derived from.</param>
internal sealed record RetiredKey(string Purpose, uint Id, byte[] Bytes)
{
    /// <summary>API keys live for years, so this one is kept as long as there is an API key that may carry its tag.</summary>
    public const string ApiKeyTag = "api-key-tag";

    /// <summary>Access tokens live for minutes; soon nothing is left to check with it.</summary>
    public const string TokenSigning = "token-signing";

    /// <summary>Refresh tokens live for days, and may come for the first time at the end of them.</summary>
    public const string OpaqueTokenTag = "opaque-token-tag";
}
