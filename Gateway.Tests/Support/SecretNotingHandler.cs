using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>Notes the secrets that the API hands out (tokens, keys, tickets, webhook secrets), whichever test asked for them.</summary>
internal sealed class SecretNotingHandler : DelegatingHandler
{
    /// <summary>Where an answer may hold one.</summary>
    private static readonly string[] Makers = ["/auth/", "/apikeys", "/bots", "/users"];

    public SecretNotingHandler()
        : base(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } })
    {
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
        if (answer is { IsSuccessStatusCode: true, Content.Headers.ContentType.MediaType: "application/json" }
            && request.Method != HttpMethod.Get && Makers.Any(maker => request.RequestUri!.AbsolutePath.Contains(maker, StringComparison.Ordinal)))
        {
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            Secrets.NoteAnswer(json.RootElement);
        }

        return answer;
    }
}
