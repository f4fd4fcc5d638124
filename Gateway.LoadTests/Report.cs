using System.Globalization;
using System.Text.Json;
using HdrHistogram;

namespace Gateway.LoadTests;

/// <summary>The figures of one scenario: printed as a table as they come, written as JSON at the end.</summary>
internal sealed class Report
{
    private readonly record struct Row(string Name, double Value, string Unit, string? Mark, bool? IsReached);

    private readonly List<Row> rows = [];
    private readonly CommandLine options;
    private readonly Machine machine;

    public Report(CommandLine options)
    {
        this.options = options;
        machine = Machine.Read(options.Optional("data") ?? Path.GetTempPath());
        Console.WriteLine($"{machine.Cores} cores · {machine.CpuModel} · Linux {machine.Kernel} · {machine.Runtime} · data on {machine.DataFileSystem}");
        Console.WriteLine($"command: {options.Text}");
        Console.WriteLine();
    }

    public void Add(string name, double value, string unit) => Add(new Row(name, value, unit, null, null));

    public void AtLeast(string name, double value, string unit, double mark) =>
        Add(new Row(name, value, unit, $"≥ {Text(mark)}", value >= mark));

    public void AtMost(string name, double value, string unit, double mark) =>
        Add(new Row(name, value, unit, $"≤ {Text(mark)}", value <= mark));

    public void Percentiles(string name, LongHistogram microseconds, double? p99MarkMs)
    {
        Add($"{name} p50", microseconds.GetValueAtPercentile(50) / 1000.0, "ms");
        double p99 = microseconds.GetValueAtPercentile(99) / 1000.0;
        if (p99MarkMs is { } mark)
        {
            AtMost($"{name} p99", p99, "ms", mark);
        }
        else
        {
            Add($"{name} p99", p99, "ms");
        }

        Add($"{name} p99.9", microseconds.GetValueAtPercentile(99.9) / 1000.0, "ms");
        Add($"{name} max", microseconds.GetMaxValue() / 1000.0, "ms");
    }

    public void Finish()
    {
        if (options.Optional("json") is not { } path)
        {
            return;
        }

        using FileStream file = File.Create(path);
        using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("scenario", options.Scenario);
        json.WriteString("command", options.Text);
        json.WriteString("measured_at", DateTimeOffset.UtcNow);
        json.WriteStartObject("machine");
        json.WriteNumber("cores", machine.Cores);
        json.WriteString("cpu", machine.CpuModel);
        json.WriteString("kernel", machine.Kernel);
        json.WriteString("runtime", machine.Runtime);
        json.WriteString("data_file_system", machine.DataFileSystem);
        json.WriteEndObject();
        json.WriteStartArray("figures");
        foreach (Row row in rows)
        {
            json.WriteStartObject();
            json.WriteString("name", row.Name);
            json.WriteNumber("value", Math.Round(row.Value, 3));
            json.WriteString("unit", row.Unit);
            if (row.Mark is not null)
            {
                json.WriteString("mark", row.Mark);
                json.WriteBoolean("reached", row.IsReached!.Value);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Add(Row row)
    {
        rows.Add(row);
        string verdict = row.Mark is null ? "" : $"mark {row.Mark} {(row.IsReached!.Value ? "reached" : "MISSED")}";
        Console.WriteLine($"{row.Name,-58} {Text(row.Value),12} {row.Unit,-12} {verdict}");
    }

    private static string Text(double value) =>
        value >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("0.###", CultureInfo.InvariantCulture);
}
