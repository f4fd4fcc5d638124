using System.Reflection;

namespace Gateway.Hosting;

/// <summary>The program's version, as the build wrote it.</summary>
internal static class GatewayVersion
{
    public static string Text { get; } =
        typeof(GatewayVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
