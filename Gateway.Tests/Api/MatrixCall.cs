using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Api;

/// <summary>Whose chat, bot and message a target names.</summary>
internal enum Whose
{
    Ours,
    Theirs,
    Nobodys,
}

/// <summary>Makes the calls of the matrix against the running gateway.</summary>
internal sealed partial class MatrixCall(AccessWorld world)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The cell: a status, or what a socket said first.</summary>
    public async Task<string> AnswerAsync(MatrixLine line, string? credential)
    {
        if (line.IsSocket) return await OfSocketAsync(line, credential, await FillAsync(line.Target, Whose.Ours));
        using var answer = await SendAsync(line, credential, Whose.Ours);
        return ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
    }

    public async Task<string?> CredentialAsync(string column, MatrixLine line) =>
        column == "scope" && line.Needs.Contains(':', StringComparison.Ordinal) ? await world.KeyWithoutAsync(line.Needs)
        : column == "scope" ? await world.KeyWithoutAsync("bots:read")
        // It ends the session, which is every other line's.
        : line.Target.EndsWith("/logout", StringComparison.Ordinal) ? await world.OnceAsync(column)
        : world.Credentials[column];

    /// <summary>Headers only: a stream has no end.</summary>
    public async Task<HttpResponseMessage> SendAsync(MatrixLine line, string? credential, Whose whose, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(line.Method), await FillAsync(line.Target, whose));
        if (line.Body is { } body) request.Content = new StringContent(await FillAsync(body, whose), Encoding.UTF8, "application/json");
        Present(credential, (name, value) => request.Headers.Add(name, value));
        using var limit = new CancellationTokenSource(Patience);
        return await (client ?? world.Gateway.Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
    }

    public async Task<string> OfSocketAsync(MatrixLine line, string? credential, string target)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        var isInHeader = line.IsInHeader;
        using var http = line.IsHttp2 ? new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } }) : null;
        if (http is not null) (socket.Options.HttpVersion, socket.Options.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        if (isInHeader) Present(credential, socket.Options.SetRequestHeader);
        // A first frame instead of the query: the query would be refused before it could authenticate.
        var url = new UriBuilder(new Uri(world.Gateway.Address, isInHeader ? target : target.Split('?')[0])) { Scheme = line.IsHttp2 ? "wss" : "ws" }.Uri;
        try
        {
            await socket.ConnectAsync(url, http, limit.Token);
        }
        catch (WebSocketException)
        {
            return ((int)socket.HttpStatusCode).ToString(CultureInfo.InvariantCulture);
        }

        if (!isInHeader && credential is not null) await SayAsync(socket, $$"""{"action":"auth","token":"{{credential}}"}""", limit.Token);
        // A handshake without a credential is waited on for as long as a stranger may take; a first action is answered at once.
        if (!isInHeader || credential is null) await SayAsync(socket, SubscriptionOf(target), limit.Token);

        return await HearAsync(socket, limit.Token);
    }

    /// <summary>The placeholders filled in.</summary>
    public async Task<string> FillAsync(string text, Whose whose)
    {
        var (tenant, message) = whose switch
        {
            Whose.Ours => (AccessWorld.Ours, world.OurMessage),
            Whose.Theirs => (AccessWorld.Theirs, world.TheirMessage),
            _ => (AccessWorld.Missing, AccessWorld.Missing),
        };
        var id = tenant.ToString(CultureInfo.InvariantCulture);
        text = text.Replace("{chat}", id, StringComparison.Ordinal).Replace("{bot}", id, StringComparison.Ordinal)
            .Replace("{message}", message.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{viewer}", world.ViewerId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{webhook-secret}", world.WebhookSecret(AccessWorld.Ours), StringComparison.Ordinal)
            .Replace("{new-token}", world.NewBotToken(), StringComparison.Ordinal)
            .Replace("{number}", world.UniqueNumber().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{unique}", world.UniqueName(), StringComparison.Ordinal);
        while (Made().Match(text) is { Success: true } made)
        {
            // A bot or chat is another tenant's; whom the rights are given to is no tenant's.
            var kind = made.Groups[1].Value;
            var isMade = whose == Whose.Ours || kind is not ("bot" or "chat");
            text = text.Replace(made.Value, (isMade ? await world.MakeAsync(kind) : tenant).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        return text;
    }

    private static void Present(string? credential, Action<string, string> header)
    {
        if (credential is null) return;
        if (credential.StartsWith("tgw_", StringComparison.Ordinal)) header("X-API-Key", credential);
        else header("Authorization", $"Bearer {credential}");
    }

    private static string SubscriptionOf(string target)
    {
        var pair = target.Split('?')[1].Split('=');
        return $$"""{"action":"subscribe","id":"a","{{pair[0]}}":{{pair[1]}}}""";
    }

    private static Task SayAsync(ClientWebSocket socket, string text, CancellationToken cancellation) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, cancellation);

    private static async Task<string> HearAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var frame = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (frame.MessageType == WebSocketMessageType.Close) return ((int)socket.CloseStatus!).ToString(CultureInfo.InvariantCulture);
            using var json = JsonDocument.Parse(buffer.AsMemory(0, frame.Count));
            var action = json.RootElement.GetProperty("action").GetString()!;
            if (action == "error") return json.RootElement.GetProperty("code").GetString()!;
            if (action != "authenticated") return action;
        }
    }

    [GeneratedRegex(@"\{new:(\w+)\}")]
    private static partial Regex Made();
}
