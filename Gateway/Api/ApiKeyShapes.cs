using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Api;

/// <summary>Bodies and answers of <see cref="ApiKeysHandler"/>.</summary>
internal static class ApiKeyShapes
{
    private static readonly JsonField Scopes = new("scopes", JsonKind.String, "The permissions of the key; null: those of a key made without, an admin's all.")
    { IsList = true, IsNullable = true, MaxLength = 32, Values = PermissionNames.All, Example = "messages:read" };

    private static readonly JsonField Expires = new("expires_at", JsonKind.Time, "When it ends; null: never.") { IsNullable = true };

    private static readonly JsonField Rate = new("rate_per_second", JsonKind.Integer, "Calls a second on REST and sockets together; null: the server's.")
    { IsNullable = true, Minimum = 1, Maximum = Limits.Access.RequestsPerSecondMost };

    private static readonly JsonField Burst = new("rate_burst", JsonKind.Integer, "Calls at once after a rest; null: the server's.")
    { IsNullable = true, Minimum = 1, Maximum = Limits.Access.RequestBurstMost };

    private static readonly JsonField Name = new("name", JsonKind.String, "What the key is for.") { MinLength = 1, MaxLength = ApiKeySettings.NameChars, Example = "support desk" };

    public static readonly JsonShape Add = new(
        "NewApiKey", Name with { IsRequired = true }, new JsonField("is_admin", JsonKind.Boolean, "Sees every chat of every bot."), Scopes, Expires, Rate, Burst);

    public static readonly JsonShape Change = new("ApiKeyChange", Name, Scopes, Expires, Rate, Burst);

    private static readonly JsonField[] Fields =
    [
        new("id", JsonKind.Integer, "The key's id."),
        Name,
        new("is_admin", JsonKind.Boolean, "Whether it sees every chat."),
        Scopes,
        new("permissions", JsonKind.String, "What it may call, by scopes or without.") { IsList = true },
        Expires,
        Rate,
        Burst,
        new("revoked_at", JsonKind.Time, "When it was revoked; null: it was not.") { IsNullable = true },
        new("last_used_at", JsonKind.Time, "When it was last used, some seconds behind; null: not yet.") { IsNullable = true },
        new("created_at", JsonKind.Time, "When it was made."),
    ];

    public static readonly JsonShape ApiKey = new("ApiKey", Fields);

    public static readonly JsonShape Created = new("CreatedApiKey", [.. Fields, new JsonField("key", JsonKind.String, "The key itself: shown now and never again.")]);

    public static readonly JsonShape Page = JsonShape.OffsetPage("apikeys", ApiKey);

    public static void Write(Utf8JsonWriter json, ApiKeyInfo key)
    {
        json.WriteStartObject();
        WriteFields(json, key);
        json.WriteEndObject();
    }

    public static void WriteCreated(Utf8JsonWriter json, (ApiKeyInfo Info, string Text) created)
    {
        json.WriteStartObject();
        WriteFields(json, created.Info);
        json.WriteString("key", created.Text);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, ApiKeyInfo key)
    {
        var settings = key.Settings;
        json.WriteNumber("id", key.Id);
        json.WriteString("name", settings.Name);
        json.WriteBoolean("is_admin", settings.IsAdmin);
        if (settings.Scopes is { } scopes) UserShapes.WriteList(json, "scopes", scopes.Length == 0 ? [] : scopes.Split(' '));
        else json.WriteNull("scopes");
        UserShapes.WriteList(json, "permissions", PermissionNames.Split(settings.Permissions));
        WriteTime(json, "expires_at", settings.ExpiresAtMs);
        WriteNumber(json, "rate_per_second", settings.RatePerSecond);
        WriteNumber(json, "rate_burst", settings.RateBurst);
        WriteTime(json, "revoked_at", key.RevokedAtMs);
        WriteTime(json, "last_used_at", key.LastUsedAtMs);
        WriteTime(json, "created_at", key.CreatedAtMs);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, long? unixMs)
    {
        if (unixMs is { } ms) JsonTime.Write(json, name, ms);
        else json.WriteNull(name);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
