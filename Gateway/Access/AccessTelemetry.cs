using System.Diagnostics.Metrics;
using Gateway.Telemetry;

namespace Gateway.Access;

internal static class AccessTelemetry
{
    public static readonly Counter<long> MadeUpKeys =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.made_up_keys", description: "Presented API keys whose check tag was wrong");

    public static readonly Counter<long> RefusedKeys =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.refused_keys", description: "Presented API keys that were unknown, revoked, expired or did not match");

    public static readonly Counter<long> Denials =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.denials", description: "Calls that were denied, for a credential that is not good or a permission that it lacks");

    public static readonly Counter<long> RefusedTokens =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.refused_tokens", description: "Presented access tokens and tickets that were not ours, expired, used or of an ended session");

    public static readonly Counter<long> RefusedLogins =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.refused_logins", description: "Logins with an unknown name or a wrong password");

    public static readonly Counter<long> ReusedTokens =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.reused_tokens", description: "Used refresh tokens that came again and ended their session");

    public static readonly Counter<long> DroppedDenials =
        GatewayMeter.Instance.CreateCounter<long>("gateway.access.dropped_denials", description: "Denials that the audit log had no room for");
}
