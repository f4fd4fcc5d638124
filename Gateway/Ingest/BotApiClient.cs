using System.Net.Http.Headers;
using Gateway.Messages;

namespace Gateway.Ingest;

/// <summary>
/// Calls the Bot API for one bot. The token is part of every address, so addresses go nowhere else: no redirects, no request
/// logging, no tracing, and no exception of a call leaves here.
/// </summary>
internal sealed class BotApiClient(HttpMessageInvoker http, string server, string token, TimeProvider time)
{
    public const string TelegramServer = "https://api.telegram.org";

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public string Server { get; } = server;

    /// <summary>One for the process: it pools the connections.</summary>
    public static HttpMessageInvoker NewHttp() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Limits.Ingest.ConnectWait,
        PooledConnectionLifetime = Limits.Ingest.ConnectionLife,
        AutomaticDecompression = System.Net.DecompressionMethods.GZip,
    });

    /// <param name="parameters">The method's parameters as a JSON object.</param>
    /// <param name="answerBytes">What is read of the answer at most.</param>
    public async Task<BotApiAnswer> CallAsync(
        string method, ReadOnlyMemory<byte> parameters, TimeSpan timeout, CancellationToken cancellation, int answerBytes = Limits.Ingest.PollAnswerBytes)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Server}/bot{token}/{method}") { Content = new ReadOnlyMemoryContent(parameters) };
            request.Content.Headers.ContentType = Json;
            using var response = await http.SendAsync(request, both.Token);
            var body = await ReadAsync(response.Content, answerBytes, both.Token);
            return body is null
                ? new BotApiAnswer(BotApiStatus.TooLarge, default, "the answer is over the limit", null)
                : Cleaned(BotApiEnvelope.Read((int)response.StatusCode, body));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new BotApiAnswer(BotApiStatus.Unreachable, default, $"no answer within {timeout}", null);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            // Names the host and port at most.
            return new BotApiAnswer(BotApiStatus.Unreachable, default, failure.InnerException?.Message ?? failure.Message, null);
        }
    }

    /// <summary>Telegram does not repeat the address in its reasons; a server or proxy of someone else's may, and reasons are logged and shown.</summary>
    private BotApiAnswer Cleaned(BotApiAnswer answer) =>
        answer.Description.Contains(token, StringComparison.Ordinal) ? answer with { Description = answer.Description.Replace(token, "…", StringComparison.Ordinal) } : answer;

    /// <summary>Null when it is over the bound.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContent content, int answerBytes, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var whole = new MemoryStream();
        var buffer = new byte[Limits.Http.FirstBodyBytes];
        for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (whole.Length + read > answerBytes)
            {
                return null;
            }

            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }
}
