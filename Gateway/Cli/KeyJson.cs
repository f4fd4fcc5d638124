using System.Text.Json.Serialization;

namespace Gateway.Cli;

/// <param name="Scopes">Empty: none were given, so the key has what keys have.</param>
internal sealed record ApiKeyCreatedJson(
    long Id, string Name, string Key, bool Admin, IReadOnlyList<string> Scopes, string? ExpiresAt, int? RatePerSecond, int? RateBurst);

internal sealed record ApiKeyJson(
    long Id, string Name, bool Admin, IReadOnlyList<string> Scopes, string? ExpiresAt, int? RatePerSecond, int? RateBurst,
    string? RevokedAt, string? LastUsedAt, string CreatedAt);

internal sealed record ApiKeysJson(
    [property: JsonPropertyName("apikeys")] IReadOnlyList<ApiKeyJson> ApiKeys);

/// <summary>Exactly one of key and user, and exactly one of chat and bot, is there.</summary>
internal sealed record GrantedJson(
    long Id, long? KeyId, long? UserId, long? ChatId, long? ThreadId, long? BotId, bool Read, bool Send, bool Manage);

internal sealed record GrantsJson(IReadOnlyList<GrantedJson> Grants);

internal sealed record FeedbackJson(long KeyId, long ChatId, bool Feedback);

internal sealed record DeletedJson(long Id, bool Deleted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ApiKeyCreatedJson))]
[JsonSerializable(typeof(ApiKeyJson))]
[JsonSerializable(typeof(ApiKeysJson))]
[JsonSerializable(typeof(GrantedJson))]
[JsonSerializable(typeof(GrantsJson))]
[JsonSerializable(typeof(FeedbackJson))]
[JsonSerializable(typeof(DeletedJson))]
internal sealed partial class KeyJson : JsonSerializerContext;
