using Gateway.Access;
using Microsoft.AspNetCore.Http;

namespace Gateway.Deliver;

/// <summary>
/// Reads a subscription out of a URL: <c>?chat_id=1&amp;after=N&amp;include=update</c>. Lists are comma-separated or repeated. What is
/// not the subscription's (credentials, a pull's <c>limit</c> and <c>wait</c>) the caller names.
/// </summary>
internal static class SubscriptionRequestQuery
{
    /// <summary>Whether the query asks for a subscription at all: a WebSocket may open without one.</summary>
    public static bool HasSubscription(IQueryCollection query)
    {
        foreach (var member in query)
        {
            if (SubscriptionRequestBuilder.IsKnown(member.Key))
            {
                return true;
            }
        }

        return false;
    }

    public static SubscriptionParse Parse(IQueryCollection query, params ReadOnlySpan<string> otherNames)
    {
        var builder = new SubscriptionRequestBuilder();
        foreach (var (name, values) in query)
        {
            if (CredentialReader.IsQueryName(name) || otherNames.Contains(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                if (!Add(builder, name, value ?? ""))
                {
                    return builder.Build();
                }
            }
        }

        return builder.Build();
    }

    private static bool Add(SubscriptionRequestBuilder builder, string name, string value)
    {
        if (name is "since" or "id")
        {
            return builder.Add(name, value);
        }

        foreach (var part in value.Split(','))
        {
            if (!builder.Add(name, part))
            {
                return false;
            }
        }

        return true;
    }
}
