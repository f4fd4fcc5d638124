using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.LoadTests.References;

/// <summary>What ingest is compared with: Kestrel from the slim builder, one terminal delegate that reads the body and answers 200.</summary>
internal static class BareKestrel
{
    public static async Task<int> RunAsync(int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        await using WebApplication application = builder.Build();
        application.Run(async context =>
        {
            PipeReader body = context.Request.BodyReader;
            while (true)
            {
                ReadResult read = await body.ReadAsync();
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            context.Response.ContentLength = 0;
        });
        await application.RunAsync();
        return 0;
    }
}
