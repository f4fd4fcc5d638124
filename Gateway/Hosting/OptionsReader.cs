using System.Globalization;
using System.Text;
using Gateway.Access;
using Gateway.Http;
using Gateway.Messages;
using Gateway.Storage;
using Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <param name="Options">Null when there are errors.</param>
/// <param name="Warnings">What can be used and should not stay so; never holds a secret.</param>
internal sealed record OptionsOutcome(GatewayOptions? Options, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings);

/// <summary>
/// Makes <see cref="GatewayOptions"/> of the raw values and reports everything that is wrong at once, so that an operator repairs a
/// configuration in one go. A name nobody knows is an error: a misspelt setting must not be silently without effect.
/// </summary>
internal sealed class OptionsReader
{
    private readonly OptionValues values;
    private readonly List<string> errors = [];
    private readonly List<string> warnings = [];
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);

    private OptionsReader(OptionValues values) => this.values = values;

    public static OptionsOutcome Read(OptionValues values)
    {
        var reader = new OptionsReader(values);
        reader.errors.AddRange(values.Errors);
        var options = reader.Build();
        reader.RefuseUnknown();
        return new(reader.errors.Count == 0 ? options : null, reader.errors, reader.warnings);
    }

    private GatewayOptions Build()
    {
        var defaults = new GatewayOptions();
        var data = Text("Data") ?? defaults.DataFolder;
        var telegram = Url("Telegram:BaseUrl", defaults.TelegramBaseUrl);
        // Accepted and checked although nothing listens there yet, so that a start script need not change.
        Listen("Grpc:Listen", 9090);
        Text("Redis");
        return new GatewayOptions
        {
            DataFolder = data,
            Storage = ReadStorage(data),
            MasterKey = Secret("MasterKey"),
            PreviousMasterKey = Secret("PreviousMasterKey"),
            AdminPassword = ReadAdminPassword(),
            BotTokenVariable = Text("BotTokenEnv"),
            BotToken = ReadBotToken(),
            TelegramBaseUrl = telegram,
            PublicUrl = ReadPublicUrl(isTelegramsOwn: telegram == defaults.TelegramBaseUrl),
            RetentionDays = Number("Log:RetentionDays", defaults.RetentionDays, 2, 36_500),
            AuditRetentionDays = Number("Audit:RetentionDays", defaults.AuditRetentionDays, 1, 36_500),
            MinFreeMegabytes = Number("Log:MinFreeMegabytes", defaults.MinFreeMegabytes, 0, 1_000_000_000),
            Http = ReadHttp(),
            Auth = new AuthOptions { QueryEverywhere = Flag("Auth:QueryEverywhere", false), RateLimit = ReadRateLimit() },
            Ingest = new IngestOptions { AcceptTokenInPath = Flag("Ingest:AcceptTokenInPath", true) },
            Logging = new LoggingOptions
            {
                Format = Choice("Logging:Format", LogFormat.Text),
                Level = Choice("Logging:Level", LogLevel.Information),
            },
        };
    }

    private string? ReadBotToken()
    {
        if (Text("BotTokenFile") is null) return null;
        if (Text("BotTokenEnv") is not null) errors.Add("BotTokenEnv and BotTokenFile are both set; which one is meant?");
        return ReadSecretFile("BotTokenFile");
    }

    /// <summary>Checked here, or a production start would silently be one without a user.</summary>
    private string? ReadAdminPassword()
    {
        var password = Secret("Admin:Password");
        if (password is not null && PasswordHasher.Problem(password) is { } problem) errors.Add($"Admin:Password: {problem}");
        return password;
    }

    private StorageUrl ReadStorage(string data)
    {
        var text = Secret("Database");
        if (text is null) return StorageUrl.InFolder(data);
        var url = StorageUrl.TryParse(text, out var reason);
        // The text is not repeated: it holds a password.
        if (url is null) errors.Add($"Database: {reason}");
        return url ?? StorageUrl.InFolder(data);
    }

    /// <summary>Checked here as setWebhook would (Bot API): it is better refused at the start than at the first bot.</summary>
    private Uri? ReadPublicUrl(bool isTelegramsOwn)
    {
        const string name = "PublicUrl";
        if (Text("PublicUrl") is not { } text) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0)
            Refuse(name, "is not a URL of the form https://HOST[:PORT][/PREFIX]");
        else if (isTelegramsOwn && url.Scheme != "https")
            Refuse(name, "is not https, and Telegram posts to nothing else");
        else if (isTelegramsOwn && url.Port is not (443 or 80 or 88 or 8443))
            Refuse(name, "has a port that Telegram does not post to; it takes 443, 80, 88 and 8443");
        else return url;
        return null;
    }

    private RateLimit ReadRateLimit() => new(
        Number("Auth:RequestsPerSecond", Limits.Access.RequestsPerSecond, 1, Limits.Access.RequestsPerSecondMost),
        Number("Auth:RequestBurst", Limits.Access.RequestBurst, 1, Limits.Access.RequestBurstMost));

    private HttpOptions ReadHttp()
    {
        var http = new HttpOptions
        {
            Listen = Listen("Http:Listen", 8080),
            CertificateFile = ExistingFile("Http:CertificateFile"),
            CertificateKeyFile = PrivateFile("Http:CertificateKeyFile"),
            Drain = TimeSpan.FromSeconds(Number("Http:DrainSeconds", 0, 0, (int)Limits.Hosting.Drain.TotalSeconds)),
            MaxConnections = Number("Http:MaxConnections", Limits.Hosting.Connections, 1, Limits.Hosting.Connections),
            MaxSockets = Number("WebSocket:MaxSockets", Limits.WebSocket.Sockets, 1, Limits.Hosting.Connections),
            MaxSocketsPerKey = Number("WebSocket:MaxSocketsPerKey", Limits.WebSocket.SocketsPerKey, 1, Limits.Hosting.Connections),
            MaxUnauthenticated = Number("WebSocket:MaxUnauthenticated", Limits.WebSocket.UnauthenticatedSockets, 1, Limits.Hosting.Connections),
            MaxUnauthenticatedPerAddress =
                Number("WebSocket:MaxUnauthenticatedPerAddress", Limits.WebSocket.UnauthenticatedSocketsPerAddress, 1, Limits.Hosting.Connections),
            AllowedOrigins = ListOf(Text("Http:AllowedOrigins")),
            TrustedProxies = ReadTrustedProxies(),
        };
        if (http.CertificateKeyFile is not null && http.CertificateFile is null)
            errors.Add("Http:CertificateKeyFile is set without Http:CertificateFile");
        return http;
    }

    private TrustedProxies ReadTrustedProxies()
    {
        const string name = "Http:TrustedProxies";
        var networks = new List<ProxyNetwork>();
        foreach (var entry in ListOf(Text("Http:TrustedProxies")))
        {
            if (ProxyNetwork.TryParse(entry, out var problem) is not { } network)
            {
                Refuse(name, problem!, entry);
                continue;
            }

            if (network.IsEverybody) warnings.Add($"{name}: '{entry}' is everybody, so each client is believed whatever address it gives itself");
            networks.Add(network);
        }

        return networks.Count == 0 ? TrustedProxies.None : new TrustedProxies(networks);
    }

    private static string[] ListOf(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private string? Text(string name)
    {
        known.Add(name);
        return values.Find(name) is { Text.Length: > 0 } value ? value.Text : null;
    }

    /// <summary>A secret as a value, or the path of a file that holds it (its form with <c>File</c>).</summary>
    private string? Secret(string name)
    {
        var direct = Text(name);
        if (Text(name + "File") is null) return direct;
        if (direct is not null)
        {
            errors.Add($"{name} and {name}File are both set; which one is meant?");
            return null;
        }

        return ReadSecretFile(name + "File");
    }

    private string? ReadSecretFile(string name)
    {
        var read = SecretFile.Read(Text(name)!);
        if (read.Failure is not null) errors.Add($"{name}: {read.Failure}");
        if (read.Warning is not null) warnings.Add($"{name}: {read.Warning}");
        return read.Text;
    }

    private ListenAddress Listen(string name, int defaultPort)
    {
        if (Text(name) is not { } text) return ListenAddress.Default(defaultPort);
        if (ListenAddress.TryParse(text) is { } address) return address;
        Refuse(name, "is not ADDRESS:PORT, as 127.0.0.1:8080, [::]:8080 or *:8080");
        return ListenAddress.Default(defaultPort);
    }

    private Uri Url(string name, Uri fallback)
    {
        if (Text(name) is not { } text) return fallback;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0) return url;
        Refuse(name, "is not an http or https URL");
        return fallback;
    }

    private string? ExistingFile(string name)
    {
        var path = Text(name);
        if (path is not null && !File.Exists(path)) Refuse(name, "names a file that does not exist");
        return path;
    }

    private string? PrivateFile(string name)
    {
        var path = ExistingFile(name);
        if (path is not null && File.Exists(path) && SecretFile.WarningOf(path) is { } warning) warnings.Add($"{name}: {warning}");
        return path;
    }

    private int Number(string name, int fallback, int lowest, int highest)
    {
        if (Text(name) is not { } text) return fallback;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest) return number;
        Refuse(name, $"is not a number from {lowest} to {highest}");
        return fallback;
    }

    private bool Flag(string name, bool fallback)
    {
        if (Text(name) is not { } text) return fallback;
        if (bool.TryParse(text, out var flag)) return flag;
        Refuse(name, "is neither true nor false");
        return fallback;
    }

    private T Choice<T>(string name, T fallback)
        where T : struct, Enum
    {
        if (Text(name) is not { } text) return fallback;
        // By name only: Enum.TryParse would take numbers, too.
        if (char.IsLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var choice)) return choice;
        Refuse(name, $"is none of {string.Join(", ", Enum.GetNames<T>())}");
        return fallback;
    }

    /// <param name="entry">The one of a list that is meant; null: the whole value.</param>
    private void Refuse(string name, string reason, string? entry = null)
    {
        var value = values.Find(name)!.Value;
        errors.Add($"{name}: '{entry ?? value.Text}' {reason} ({value.Source})");
    }

    private void RefuseUnknown()
    {
        foreach (var (name, value) in values.All)
        {
            if (!known.Contains(name)) errors.Add($"{name}: no such option ({value.Source})");
        }
    }
}
