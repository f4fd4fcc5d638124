using Gateway.Messages;

namespace Gateway.Benchmarks;

internal sealed class ParseOperation(string name, byte[] body) : Operation(name)
{
    private int kept;

    public override Task RunAsync()
    {
        for (int index = 0; index < PerRun; index++)
        {
            kept += UpdateParser.Parse(body).Text.Length;
        }

        return Task.CompletedTask;
    }
}
