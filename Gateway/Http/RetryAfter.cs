using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gateway.Http;

internal static class RetryAfter
{
    /// <summary>Whole seconds, rounded up: a client that waits a fraction too short asks in vain. Never 0, which some clients take for "at once, again and again".</summary>
    public static int Seconds(TimeSpan wait) => (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, int.MaxValue);

    public static void Set(HttpResponse response, TimeSpan wait) =>
        response.Headers.RetryAfter = Seconds(wait) == 1 ? "1" : Seconds(wait).ToString(CultureInfo.InvariantCulture);
}
