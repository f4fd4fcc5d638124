namespace Gateway.Access;

/// <summary>The values of <c>principal_kind</c> in the database.</summary>
internal enum PrincipalKind : byte
{
    ApiKey = 1,
    User = 2,
}

/// <summary>Whose rights something has: a key's or a user's.</summary>
internal readonly record struct PrincipalId(PrincipalKind Kind, long Id)
{
    public static PrincipalId Key(long id) => new(PrincipalKind.ApiKey, id);

    public static PrincipalId User(long id) => new(PrincipalKind.User, id);

    /// <summary>As JSON has it.</summary>
    public string KindName => Kind == PrincipalKind.ApiKey ? "api_key" : "user";

    public override string ToString() => $"{KindName}:{Id}";
}

/// <summary>
/// One credential in use: a key, or one access token of a user, which ends by itself and with its session.
/// </summary>
/// <param name="SessionId">Zero for keys.</param>
/// <param name="Token">A fingerprint that tells the tokens of one session apart; zero for keys.</param>
internal readonly record struct Identity(PrincipalId Id, long SessionId, UInt128 Token)
{
    public static Identity OfKey(long id) => new(PrincipalId.Key(id), 0, 0);
}
