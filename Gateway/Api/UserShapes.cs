using System.Text.Json;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;

namespace Gateway.Api;

/// <summary>Bodies and answers of <see cref="UsersHandler"/>.</summary>
internal static class UserShapes
{
    private const string NameRule = "Unique; 1 to 128 characters, no space at either end.";

    public static readonly string PasswordRule = $"{Limits.Access.PasswordLeastBytes} to {Limits.Access.PasswordMostBytes} bytes in UTF-8, of any kind.";

    public static readonly JsonShape Add = new(
        "NewUser",
        new JsonField("name", JsonKind.String, NameRule) { IsRequired = true, MinLength = 1, MaxLength = 128, Example = "anna" },
        new JsonField("password", JsonKind.String, PasswordRule) { IsRequired = true, MaxLength = 1024, IsSecret = true },
        new JsonField("roles", JsonKind.String, "What the user may do.") { IsRequired = true, IsList = true, MaxLength = 32, Example = "viewer" });

    public static readonly JsonShape Change = new(
        "UserChange",
        new JsonField("name", JsonKind.String, NameRule) { MinLength = 1, MaxLength = 128 },
        new JsonField("roles", JsonKind.String, "All of them; replaces those the user has.") { IsList = true, MaxLength = 32 },
        new JsonField("is_disabled", JsonKind.Boolean, "A disabled user may not come in; its sessions end."),
        new JsonField("password", JsonKind.String, PasswordRule + " Ends the user's sessions.") { MaxLength = 1024, IsSecret = true });

    public static readonly JsonShape User = new(
        "User",
        new JsonField("id", JsonKind.Integer, "The user's id."),
        new JsonField("name", JsonKind.String, "What it logs in with.") { Example = "anna" },
        new JsonField("roles", JsonKind.String, "What it may do.") { IsList = true },
        new JsonField("is_disabled", JsonKind.Boolean, "Whether it is kept out."),
        new JsonField("created_at", JsonKind.Time, "When it was added."));

    public static readonly JsonShape Page = JsonShape.OffsetPage("users", User);

    public static readonly JsonShape Roles = new(
        "Roles",
        new JsonField("roles", JsonKind.Object, "Every role there is.")
        {
            IsList = true,
            Shape = new JsonShape(
                "Role",
                new JsonField("name", JsonKind.String, "As in a user's roles."),
                new JsonField("permissions", JsonKind.String, "What it gives.") { IsList = true }),
        });

    public static void Write(Utf8JsonWriter json, UserInfo user)
    {
        json.WriteStartObject();
        json.WriteNumber("id", user.Id);
        json.WriteString("name", user.Name);
        WriteList(json, "roles", user.Roles);
        json.WriteBoolean("is_disabled", user.IsDisabled);
        JsonTime.Write(json, "created_at", user.CreatedAtMs);
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
