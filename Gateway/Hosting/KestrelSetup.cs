using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Http;
using Gateway.Messages;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting;

/// <summary>
/// The HTTP server, from ASP.NET's builder (one built by hand takes up to twice the CPU per request) in its empty form: no configuration
/// files, no watchers, no middleware, one delegate.
/// </summary>
internal static class KestrelSetup
{
    public static WebApplication Build(HttpOptions options, ILoggerFactory logging, RequestDelegate handle, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime>(new QuietLifetime());
        builder.WebHost.UseKestrelCore();
        if (options.CertificateFile is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            SetLimits(kestrel, options);
            kestrel.Listen(options.Listen.Address, options.Listen.Port, listener => Configure(listener, options, time));
        });
        var application = builder.Build();
        application.Run(handle);
        return application;
    }

    /// <summary>Why the certificate cannot be used, for people; null when it can, or there is none.</summary>
    public static string? CertificateProblem(HttpOptions options)
    {
        if (options.CertificateFile is not { } certificate) return null;
        try
        {
            LoadCertificate(certificate, options.CertificateKeyFile).Dispose();
            return null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"the certificate in {certificate} cannot be used: {e.Message}";
        }
    }

    /// <summary>What was really bound, as a URL that works on this machine.</summary>
    public static string BoundUrl(WebApplication application) =>
        application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("[::]", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal);

    private static void SetLimits(KestrelServerOptions kestrel, HttpOptions options)
    {
        ServerBounds.Apply(kestrel);
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = Limits.Hosting.Connections;
        // A stream's reader may pause for as long as the hub bears it; the hub, not Kestrel, decides when it is too slow.
        kestrel.Limits.MinResponseDataRate = null;
    }

    /// <summary>Without TLS nobody can negotiate HTTP/2, and the gRPC port is another one.</summary>
    public static HttpProtocols Protocols(bool isTls) => isTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;

    private static void Configure(ListenOptions listener, HttpOptions options, TimeProvider time)
    {
        listener.Use(ConnectionOutput.Layer(time));
        listener.Protocols = Protocols(options.CertificateFile is not null);
        if (options.CertificateFile is { } certificate)
        {
            listener.UseHttps(LoadCertificate(certificate, options.CertificateKeyFile));
        }
    }

    private static X509Certificate2 LoadCertificate(string certificateFile, string? keyFile) =>
        X509Certificate2.CreateFromPemFile(certificateFile, keyFile ?? certificateFile);
}
