using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Gateway.Access;
using Gateway.Hosting;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Api;

/// <summary>The whole gateway in this process with a Bot API server beside it, as the tests of <c>/api/v1/bots</c> call it.</summary>
internal sealed class BotsGateway : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-bots-");
    private readonly ApiKeyHasher hasher = new();
    private readonly RecordedLog<BotsGateway> log = new();
    private readonly List<string> answers = [];
    private StartUp startUp = null!;
    private CompositionRoot root = null!;

    public FakeTelegram Telegram { get; private set; } = null!;
    public HttpClient Client { get; private set; } = null!;
    public IDatabase Database => startUp.Storage.Database;
    public SecretBox Secrets => new(startUp.Keys);

    /// <summary>Of an admin.</summary>
    public string AdminKey { get; private set; } = "";

    /// <summary>What must be in no log line, and in no answer.</summary>
    public List<string> Hidden { get; } = [FakeTelegram.Token];

    public static async Task<BotsGateway> StartAsync(string? publicUrl = null)
    {
        var gateway = new BotsGateway { Telegram = await FakeTelegram.StartAsync() };
        var values = new OptionValues();
        values.Set("Data", gateway.folder.FullName, "test");
        values.Set("Http:Listen", "127.0.0.1:0", "test");
        values.Set("MasterKey", Convert.ToBase64String(new byte[32]), "test");
        values.Set("Telegram:BaseUrl", gateway.Telegram.BaseUrl, "test");
        values.Set("PublicUrl", publicUrl, "test");
        var options = OptionsReader.Read(values).Options!;
        using var factory = new Factory(gateway.log);
        gateway.startUp = (await StartUp.PrepareAsync(options, TimeProvider.System, gateway.log, CancellationToken.None)).StartUp!;
        gateway.AdminKey = await gateway.KeyAsync(isAdmin: true);
        gateway.root = new CompositionRoot(options, gateway.startUp, factory, TimeProvider.System);
        gateway.Client = new HttpClient { BaseAddress = new Uri(await gateway.root.StartAsync(CancellationToken.None)) };
        return gateway;
    }

    public async Task<string> KeyAsync(bool isAdmin = false, string? scopes = null) =>
        (await new ApiKeyAdministration(Database, startUp.Keys, hasher, TimeProvider.System).CreateAsync(
            Actor.Gateway, giver: null, new ApiKeySettings("test", isAdmin, scopes), CancellationToken.None))!.Text;

    public Task<int> ExecuteAsync(string sql) => ControlTransaction.RunAsync(Database, commands => commands.ExecuteAsync(sql), CancellationToken.None);

    public async Task<BotsAnswer> SendAsync(string method, string path, object? body = null, string? key = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1/bots" + path);
        request.Headers.Add("X-API-Key", key ?? AdminKey);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : JsonContent.Create(body);
        using var response = await Client.SendAsync(request);
        var content = await response.Content.ReadAsStringAsync();
        answers.Add(content);
        return new BotsAnswer((int)response.StatusCode, content, response.Headers.ETag?.ToString(), response.Headers.Location?.ToString())
        {
            CacheControl = response.Headers.CacheControl?.ToString(),
        };
    }

    /// <summary>Registers the fake server's bot.</summary>
    public async Task<BotsAnswer> AddAsync(object? body = null)
    {
        var added = await SendAsync("POST", "", body ?? new { token = FakeTelegram.Token });
        Assert.True(added.Status == 201, added.Content);
        return added;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await root.StopAsync();
        await root.DisposeAsync();
        await startUp.DisposeAsync();
        await Telegram.DisposeAsync();
        hasher.Dispose();
        folder.Delete(recursive: true);
        foreach (var secret in Hidden.Append(AdminKey))
        {
            Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(answers, answer => answer.Contains(secret, StringComparison.Ordinal));
        }

        Assert.Equal(0, log.Count(1100));
    }

    private sealed class Factory(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}

internal sealed record BotsAnswer(int Status, string Content, string? Tag, string? Location)
{
    public string? CacheControl { get; init; }

    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Content);
            return document.RootElement.Clone();
        }
    }

    public string? Code => Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    public (int, string?) Refusal => (Status, Code);

    /// <summary>What is said of the fields that are not valid, in one text.</summary>
    public string Fields => Json.GetProperty("details").GetProperty("fields").GetRawText();
}
