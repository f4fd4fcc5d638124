using System.Text.Json.Serialization;
using Gateway.Cli.Apply;

namespace Gateway.Cli;

internal sealed record ErrorJson(string Error, string Code);

internal sealed record BotAddedJson(long Id, long TelegramId, string? Username, string? FirstName, string Mode, string? WebhookSecret, string? WebhookPath, bool Verified, BotWebhookJson Webhook);

internal sealed record BotJson(
    long Id,
    long TelegramId,
    string? Username,
    string? FirstName,
    string? Label,
    string Mode,
    bool IsPaused,
    int? RetentionDays,
    string? BaseUrl,
    BotWebhookJson Webhook,
    string CreatedAt);

internal sealed record BotWebhookJson(string? ToldAt, string? Error);

internal sealed record BotUpstreamJson(string Mode, string? WebhookHost, bool IsOurs, long PendingUpdates, string? LastError, string? LastErrorAt, long LagSeconds);

internal sealed record BotShownJson(BotJson Bot, BotUpstreamJson? Upstream, string? UpstreamUnavailable);

internal sealed record BotsJson(IReadOnlyList<BotJson> Bots);

internal sealed record RemovedJson(long Id, bool Removed);

internal sealed record RevokedJson(long Id, bool Revoked);

/// <param name="Role">All of them with a space between.</param>
internal sealed record UserAddedJson(long Id, string Name, string Role, IReadOnlyList<string> Roles);

internal sealed record UserJson(long Id, string Name, IReadOnlyList<string> Roles, bool Disabled, string CreatedAt);

internal sealed record UsersJson(IReadOnlyList<UserJson> Users);

internal sealed record MigratedJson(int From, int To, int Applied, string? LogId, long? Seq, bool Reset);

internal sealed record HealthJson(string Url, int Status, string Body);

internal sealed record CheckJson(string Check, string Status, string Message);

internal sealed record DoctorJson(bool Ok, IReadOnlyList<CheckJson> Checks);

internal sealed record MasterKeyRotatedJson(bool Rotated, int Resealed, int RetiredKeys);

internal sealed record MasterKeyAdoptedJson(bool Adopted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorJson))]
[JsonSerializable(typeof(BotAddedJson))]
[JsonSerializable(typeof(BotsJson))]
[JsonSerializable(typeof(BotShownJson))]
[JsonSerializable(typeof(RemovedJson))]
[JsonSerializable(typeof(RevokedJson))]
[JsonSerializable(typeof(UserAddedJson))]
[JsonSerializable(typeof(UsersJson))]
[JsonSerializable(typeof(MigratedJson))]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(MasterKeyRotatedJson))]
[JsonSerializable(typeof(MasterKeyAdoptedJson))]
[JsonSerializable(typeof(ConfigurationErrorJson))]
[JsonSerializable(typeof(AppliedKeyJson))]
[JsonSerializable(typeof(AppliedJson))]
internal sealed partial class CliJson : JsonSerializerContext;
