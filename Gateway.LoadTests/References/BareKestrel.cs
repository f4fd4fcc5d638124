using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.LoadTests.References;

/// <summary>What ingest is compared with: Kestrel from the slim builder, one terminal delegate that reads the body and answers 200.</summary>
internal static class BareKestrel
{
    public static async Task<int> RunAsync(int port)
    {
        await using WebApplication application = Build(port);
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

    /// <summary>Answers a read with so many bytes that were ready before, and with the headers that a gateway's answer has.</summary>
    public static async Task<int> RunReadAsync(int port, int bytes)
    {
        byte[] answer = new byte[bytes];
        answer.AsSpan().Fill((byte)' ');
        await using WebApplication application = Build(port);
        application.Run(context =>
        {
            HttpResponse response = context.Response;
            response.ContentType = "application/json; charset=utf-8";
            response.Headers["X-RateLimit-Limit"] = "200";
            response.Headers["X-RateLimit-Remaining"] = "199";
            response.Headers["X-RateLimit-Reset"] = "1";
            response.ContentLength = bytes;
            return response.Body.WriteAsync(answer).AsTask();
        });
        await application.RunAsync();
        return 0;
    }

    private static WebApplication Build(int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        return builder.Build();
    }
}
