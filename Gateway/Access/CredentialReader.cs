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

internal readonly record struct Credential(CredentialStatus Status, string? Text);

/// <summary>Finds the credential of a request: <c>X-API-Key</c>, <c>Authorization: Bearer</c>, and on streams <c>?api_key=</c> or <c>?token=</c>.</summary>
internal static class CredentialReader
{
    private const string Bearer = "Bearer ";

    /// <param name="allowQuery">Only for streams, whose browser clients cannot set headers: elsewhere a query ends up in logs and histories.</param>
    public static Credential Read(HttpRequest request, bool allowQuery)
    {
        string? found = null;
        var agree = Add(ref found, request.Headers["X-API-Key"], "") && Add(ref found, request.Headers.Authorization, Bearer);
        if (allowQuery && request.QueryString.HasValue)
        {
            agree = agree && Add(ref found, request.Query["api_key"], "") && Add(ref found, request.Query["token"], "");
        }

        if (!agree)
        {
            return new Credential(CredentialStatus.Conflicting, null);
        }

        return found is null ? new Credential(CredentialStatus.Missing, null) : new Credential(CredentialStatus.Given, found);
    }

    private static bool Add(ref string? found, StringValues values, string scheme)
    {
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i];
            if (string.IsNullOrEmpty(value) || !value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            value = scheme.Length == 0 ? value : value[scheme.Length..].Trim();
            if (found is not null && !string.Equals(found, value, StringComparison.Ordinal))
            {
                return false;
            }

            found = value;
        }

        return true;
    }
}
