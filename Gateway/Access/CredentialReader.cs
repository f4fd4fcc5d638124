using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Access;

internal enum CredentialStatus
{
    Missing,
    Given,

    /// <summary>Two different ones in one request: which was meant cannot be known, and guessing could pick the stronger.</summary>
    Conflicting,
}

/// <summary>What a place may hold. Whatever it is, it is one text and looked at once.</summary>
[Flags]
internal enum CredentialKinds : byte
{
    None = 0,
    ApiKey = 1,
    AccessToken = 2,

    /// <summary>On streams only: it is used up by the first look.</summary>
    Ticket = 4,
    All = ApiKey | AccessToken | Ticket,
}

/// <param name="Kinds">What it may be, by where it stood.</param>
internal readonly record struct Credential(CredentialStatus Status, string? Text, CredentialKinds Kinds);

/// <summary>
/// Finds the credential of a request: <c>X-API-Key</c>, <c>Authorization: Bearer</c>, and on streams <c>?api_key=</c>, <c>?token=</c> or <c>?ticket=</c>.
/// </summary>
internal static class CredentialReader
{
    private const string Bearer = "Bearer ";

    /// <summary>Whether a query's parameter is a credential, and so none of the stream's own.</summary>
    public static bool IsQueryName(string name) => name is "token" or "api_key" or "ticket";

    /// <param name="allowQuery">Only for streams, whose browser clients cannot set headers: elsewhere a query ends up in logs and histories.</param>
    public static Credential Read(HttpRequest request, bool allowQuery)
    {
        var found = new Credential(CredentialStatus.Missing, null, CredentialKinds.All);
        Add(ref found, request.Headers["X-API-Key"], "", CredentialKinds.ApiKey);
        Add(ref found, request.Headers.Authorization, Bearer, CredentialKinds.ApiKey | CredentialKinds.AccessToken);
        if (allowQuery && request.QueryString.HasValue)
        {
            Add(ref found, request.Query["api_key"], "", CredentialKinds.ApiKey);
            Add(ref found, request.Query["token"], "", CredentialKinds.All);
            Add(ref found, request.Query["ticket"], "", CredentialKinds.Ticket);
        }

        return found;
    }

    /// <summary>The same text in two places must be what both may hold.</summary>
    private static void Add(ref Credential found, StringValues values, string scheme, CredentialKinds kinds)
    {
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i];
            if (string.IsNullOrEmpty(value) || !value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            value = scheme.Length == 0 ? value : value[scheme.Length..].Trim();
            found = found.Text is null || found.Text == value
                ? new Credential(found.Status == CredentialStatus.Conflicting ? found.Status : CredentialStatus.Given, value, found.Kinds & kinds)
                : found with { Status = CredentialStatus.Conflicting };
        }
    }
}
