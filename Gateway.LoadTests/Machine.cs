using System.Runtime.InteropServices;

namespace Gateway.LoadTests;

/// <summary>A figure means nothing without the machine it was measured on.</summary>
internal sealed record Machine(int Cores, string CpuModel, string Kernel, string Runtime, string DataFileSystem)
{
    public static Machine Read(string dataFolder)
    {
        string model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) ?? "unknown";
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        DriveInfo drive = new(dataFolder);
        return new Machine(Environment.ProcessorCount, model[(model.IndexOf(':') + 1)..].Trim(), kernel, RuntimeInformation.FrameworkDescription, drive.DriveFormat);
    }
}
