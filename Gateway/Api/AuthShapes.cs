using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Api;

/// <summary>Bodies and answers of <see cref="AuthHandler"/>.</summary>
internal static class AuthShapes
{
    /// <summary>Longer ones than any stored password are wrong, not malformed, so the bound here is only against nonsense.</summary>
    private const int PresentedPasswordChars = 1024;

    public static readonly JsonShape Login = new(
        "Login",
        new JsonField("name", JsonKind.String, "The user's name.") { IsRequired = true, MinLength = 1, MaxLength = 128, Example = "anna" },
        new JsonField("password", JsonKind.String, "The user's password.") { IsRequired = true, MinLength = 1, MaxLength = PresentedPasswordChars, IsSecret = true });

    public static readonly JsonShape Refresh = new(
        "Refresh",
        new JsonField("refresh_token", JsonKind.String, "The refresh token of the last login or refresh; it is good once.")
        {
            IsRequired = true,
            MinLength = 1,
            MaxLength = 256,
            IsSecret = true,
        });

    public static readonly JsonShape Password = new(
        "PasswordChange",
        new JsonField("old_password", JsonKind.String, "The password as it is.") { IsRequired = true, MinLength = 1, MaxLength = PresentedPasswordChars, IsSecret = true },
        new JsonField("new_password", JsonKind.String, UserShapes.PasswordRule) { IsRequired = true, MaxLength = PresentedPasswordChars, IsSecret = true });

    public static readonly JsonShape Tokens = new(
        "Tokens",
        new JsonField("access_token", JsonKind.String, "A JWT for Authorization: Bearer.") { IsSecret = true },
        new JsonField("token_type", JsonKind.String, "Bearer.") { Values = ["Bearer"] },
        new JsonField("expires_in", JsonKind.Integer, "Seconds until the access token expires.") { Example = "900" },
        new JsonField("expires_at", JsonKind.Time, "When the access token expires."),
        new JsonField("refresh_token", JsonKind.String, "For the next pair; good once.") { IsSecret = true },
        new JsonField("refresh_expires_at", JsonKind.Time, "When the refresh token expires, and the session with it unless it is refreshed."),
        new JsonField("user_id", JsonKind.Integer, "Who is logged in."),
        new JsonField("session_id", JsonKind.Integer, "This login."));

    public static readonly JsonShape Me = new(
        "Me",
        new JsonField("kind", JsonKind.String, "Whose credential it is.") { Values = ["user", "api_key"] },
        new JsonField("id", JsonKind.Integer, "The user's or key's id."),
        new JsonField("name", JsonKind.String, "The user's or key's name."),
        new JsonField("is_admin", JsonKind.Boolean, "Whether every chat is open to it."),
        new JsonField("roles", JsonKind.String, "The user's roles; a key has none.") { IsList = true },
        new JsonField("permissions", JsonKind.String, "What it may call.") { IsList = true },
        new JsonField("session_id", JsonKind.Integer, "The login; null for a key.") { IsNullable = true },
        new JsonField("expires_at", JsonKind.Time, "When the credential expires; null: never.") { IsNullable = true });

    public static readonly JsonShape Ticket = new(
        "Ticket",
        new JsonField("ticket", JsonKind.String, "For ?ticket= of one stream.") { IsSecret = true },
        new JsonField("expires_in", JsonKind.Integer, $"Seconds in which it must be used: {Limits.Access.TicketLife.TotalSeconds}."),
        new JsonField("expires_at", JsonKind.Time, "The same as a time."));
}
