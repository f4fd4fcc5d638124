using System.Globalization;
using System.Security.Cryptography;
using Gateway.Access;
using Gateway.Storage;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Api;

/// <summary>
/// Two tenants on one gateway: bot 1 with chat 1 is ours, bot 2 with chat 2 is theirs. And one credential for every column of the access matrix.
/// Rows are written by SQL, as a database that an earlier gateway left: what the API itself can make is what the tests are about.
/// </summary>
public sealed class AccessWorld : IAsyncLifetime
{
    internal const long Ours = 1, Theirs = 2, Missing = 987_654;
    internal const string Password = "correct horse battery";

    /// <summary>Title and only message of the tenants' chats: where one stands, something of the chat was told.</summary>
    internal const string OurText = "told to nobody but us", TheirText = "told to nobody but them";

    private const long OurGroup = -1001, TheirGroup = -1002;

    private readonly bool isTls;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-world-");
    private readonly ApiKeyHasher hasher = new();
    private readonly Dictionary<string, string> scopeKeys = [];
    private readonly Dictionary<string, long> users = [];
    private FakeTelegram telegram = null!;
    private long lastTelegramId = 5_000_000;
    private long lastName;

    public AccessWorld()
        : this(isTls: false)
    {
    }

    internal AccessWorld(bool isTls) => this.isTls = isTls;

    internal ComposedGateway Gateway { get; private set; } = null!;

    /// <summary>By column.</summary>
    internal Dictionary<string, string?> Credentials { get; } = [];

    /// <summary>Sees everything and is never slowed down.</summary>
    internal string AdminKey { get; private set; } = "";

    /// <summary>The ids of a message of ours and of theirs.</summary>
    internal long OurMessage { get; private set; }

    internal long TheirMessage { get; private set; }

    internal long ViewerId { get; private set; }
    internal long OperatorId { get; private set; }

    internal string WebhookSecret(long bot) => $"webhook-secret-of-bot-{bot}";

    public async Task InitializeAsync()
    {
        telegram = await FakeTelegram.StartAsync();
        List<(string, string)> values = [("Telegram:BaseUrl", telegram.BaseUrl)];
        if (isTls)
        {
            var certificate = Path.Combine(folder.FullName, "certificate.pem");
            TestCertificate.Write(certificate);
            values.Add(("Http:CertificateFile", certificate));
        }

        Gateway = await ComposedGateway.ComposeAsync([.. values]);
        await SeedAsync(Gateway.Database, Gateway.Keys);
        await Gateway.StartAsync();
        await PostUpdateAsync(Ours, OurGroup, OurText);
        await PostUpdateAsync(Theirs, TheirGroup, TheirText);
        OurMessage = await NumberAsync("SELECT id FROM messages WHERE chat_id = @chat", ("@chat", Ours));
        TheirMessage = await NumberAsync("SELECT id FROM messages WHERE chat_id = @chat", ("@chat", Theirs));
    }

    public async Task DisposeAsync()
    {
        hasher.Dispose();
        await Gateway.DisposeAsync();
        await telegram.DisposeAsync();
        folder.Delete(recursive: true);
    }

    internal Task<long> NumberAsync(string sql, params (string, object?)[] values) =>
        ControlTransaction.RunAsync(Gateway.Database, async commands => await commands.ReadNumberAsync(sql, values) ?? 0, CancellationToken.None);

    internal string UniqueName() => $"made-{Interlocked.Increment(ref lastName)}";

    internal long UniqueNumber() => -Interlocked.Increment(ref lastTelegramId);

    internal string NewBotToken() => TokenOf(Interlocked.Increment(ref lastTelegramId));

    private static string TokenOf(long telegramId) => Secrets.Note($"{telegramId}:{Convert.ToHexString(RandomNumberGenerator.GetBytes(18))}"[..^1], "bot token");

    /// <summary>A key with every permission but this one, and all rights on our bot.</summary>
    internal async Task<string> KeyWithoutAsync(string permission)
    {
        if (scopeKeys.TryGetValue(permission, out var known)) return known;
        return scopeKeys[permission] = await AddKeyAsync(
            Gateway.Database, Gateway.Keys, $"without {permission}", string.Join(' ', PermissionNames.All.Where(each => each != permission)), ChatRights.All, bot: Ours);
    }

    /// <summary>The same caller with a session of its own.</summary>
    internal async Task<string?> OnceAsync(string column)
    {
        if (!users.TryGetValue(column, out var user)) return Credentials[column];
        var (_, session) = await AddSessionAsync(Gateway.Database, user, isRevoked: false);
        return Token(Gateway.Keys, TimeProvider.System, user, session);
    }

    /// <summary>Something that the next call may destroy; the viewer may read it, the operator may do everything.</summary>
    internal Task<long> MakeAsync(string kind) => kind switch
    {
        "bot" => MakeBotAsync(),
        "chat" => MakeChatAsync(),
        "apikey" => MakePrincipalAsync(PrincipalKind.ApiKey, "INSERT INTO api_keys (name, hash, created_at_ms) VALUES (@name, '', 1)"),
        "user" => MakePrincipalAsync(PrincipalKind.User, "INSERT INTO users (name, password_hash, created_at_ms) VALUES (@name, '', 1)"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The world makes no such thing."),
    };

    private Task<long> MakePrincipalAsync(PrincipalKind kind, string sql) => ControlTransaction.RunAsync(
        Gateway.Database,
        async commands =>
        {
            var id = await commands.InsertAsync(sql, ("@name", UniqueName()));
            foreach (var column in (string[])["bot_id", "chat_id"])
            {
                await commands.ExecuteAsync(
                    $"INSERT INTO grants (principal_kind, principal_id, {column}, can_read, created_at_ms) VALUES (@kind, @id, @ours, 1, 1)", ("@kind", (int)kind), ("@id", id), ("@ours", Ours));
            }

            if (kind == PrincipalKind.ApiKey) await commands.ExecuteAsync("INSERT INTO feedback_grants (key_id, chat_id, created_at_ms) VALUES (@id, @ours, 1)", ("@id", id), ("@ours", Ours));
            return id;
        },
        CancellationToken.None);

    private async Task<long> MakeBotAsync()
    {
        var id = await ControlTransaction.RunAsync(
            Gateway.Database, commands => InsertBotAsync(commands, Gateway.Keys, Interlocked.Increment(ref lastTelegramId)), CancellationToken.None);
        await GrantAsync("bot_id", id);
        return id;
    }

    private async Task<long> MakeChatAsync()
    {
        var id = await InsertAsync(
            "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', 1)", ("@bot", Ours), ("@chat", -Interlocked.Increment(ref lastTelegramId)));
        await GrantAsync("chat_id", id);
        return id;
    }

    private async Task GrantAsync(string column, long id)
    {
        const string Sql = "INSERT INTO grants (principal_kind, principal_id, {0}, can_read, can_send, can_manage, created_at_ms) VALUES (2, @user, @id, 1, @more, @more, 1)";
        await InsertAsync(string.Format(CultureInfo.InvariantCulture, Sql, column), ("@user", ViewerId), ("@id", id), ("@more", 0));
        await InsertAsync(string.Format(CultureInfo.InvariantCulture, Sql, column), ("@user", OperatorId), ("@id", id), ("@more", 1));
        await SettleAsync();
    }

    /// <summary>Returns when the gateway knows of everything written so far: it reads permissions again before it refuses a call for one.</summary>
    internal async Task SettleAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Add("X-API-Key", await KeyWithoutAsync("events:read"));
        using var answer = await Gateway.Client.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private Task<long> InsertAsync(string sql, params (string, object?)[] values) =>
        ControlTransaction.RunAsync(Gateway.Database, commands => commands.InsertAsync(sql, values), CancellationToken.None);

    private async Task SeedAsync(IDatabase database, KeyRing keys)
    {
        await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                foreach (var bot in (long[])[Ours, Theirs])
                {
                    await InsertBotAsync(commands, keys, bot, WebhookSecret(bot));
                    await commands.InsertAsync(
                        "INSERT INTO chats (bot_id, telegram_chat_id, realm, created_at_ms) VALUES (@bot, @chat, '', 1)", ("@bot", bot), ("@chat", bot == Ours ? OurGroup : TheirGroup));
                }

                return 0;
            },
            CancellationToken.None);

        var all = string.Join(' ', PermissionNames.All);
        Credentials["none"] = null;
        Credentials["made-up"] = "tgw_1_" + new string('A', 54);
        Credentials["expired-key"] = await AddKeyAsync(database, keys, "expired", null, ChatRights.All, Ours, "expires_at_ms");
        Credentials["revoked-key"] = await AddKeyAsync(database, keys, "revoked", null, ChatRights.All, Ours, "revoked_at_ms");
        Credentials["elsewhere"] = await AddKeyAsync(database, keys, "elsewhere", all, ChatRights.All, Theirs);
        AdminKey = await AddKeyAsync(database, keys, "admin", null, ChatRights.None, 0, "is_admin");

        (ViewerId, var viewerSession) = await AddUserAsync(database, "viewer", Roles.Viewer);
        (OperatorId, var operatorSession) = await AddUserAsync(database, "operator", Roles.Operator);
        var (adminId, adminSession) = await AddUserAsync(database, "admin", Roles.Admin);
        var now = TimeProvider.System;
        (users["viewer"], users["operator"], users["admin"]) = (ViewerId, OperatorId, adminId);
        Credentials["viewer"] = Token(keys, now, ViewerId, viewerSession);
        Credentials["operator"] = Token(keys, now, OperatorId, operatorSession);
        Credentials["admin"] = Token(keys, now, adminId, adminSession);
        var (_, ended) = await AddSessionAsync(database, adminId, isRevoked: true);
        Credentials["revoked-session"] = Token(keys, now, adminId, ended);
        Credentials["expired-token"] = Token(keys, new FakeTimeProvider(now.GetUtcNow().AddHours(-1)), adminId, adminSession);
        await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                await commands.ExecuteAsync(
                    "INSERT INTO grants (principal_kind, principal_id, chat_id, can_read, created_at_ms) VALUES (2, @user, @chat, 1, 1)", ("@user", ViewerId), ("@chat", Ours));
                await commands.ExecuteAsync(
                    "INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, can_send, can_manage, created_at_ms) VALUES (2, @user, @bot, 1, 1, 1, 1)",
                    ("@user", OperatorId), ("@bot", Ours));
                return 0;
            },
            CancellationToken.None);
    }

    private static string Token(KeyRing keys, TimeProvider time, long user, long session) =>
        Secrets.Note(new AccessTokens(keys, time).Issue(user, session).Text, "access token");

    private async Task<string> AddKeyAsync(IDatabase database, KeyRing keys, string name, string? scopes, ChatRights rights, long bot, string? flag = null)
    {
        var id = await ControlTransaction.RunAsync(
            database,
            commands => commands.InsertAsync(
                $"INSERT INTO api_keys (name, hash, scopes, rate_per_second, rate_burst, created_at_ms{(flag is null ? "" : ", " + flag)}) VALUES (@name, '', @scopes, 100000, 100000, 1{(flag is null ? "" : ", 1")})",
                ("@name", name), ("@scopes", scopes)),
            CancellationToken.None);
        var text = Secrets.Note(ApiKeyText.Create(id, keys), "api key");
        var hash = await hasher.HashAsync(text);
        await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                await commands.ExecuteAsync("UPDATE api_keys SET hash = @hash WHERE id = @id", ("@hash", hash), ("@id", id));
                return rights == ChatRights.None ? 0 : await commands.ExecuteAsync(
                    "INSERT INTO grants (principal_kind, principal_id, bot_id, can_read, can_send, can_manage, created_at_ms) VALUES (1, @key, @bot, 1, 1, 1, 1)",
                    ("@key", id), ("@bot", bot));
            },
            CancellationToken.None);
        return text;
    }

    private static async Task<(long User, long Session)> AddUserAsync(IDatabase database, string name, string role)
    {
        // The least cost: what a guess costs is not tested here.
        var hash = BCrypt.Net.BCrypt.HashPassword(Secrets.Note(Password, "password"), 4);
        var id = await ControlTransaction.RunAsync(
            database,
            async commands =>
            {
                var user = await commands.InsertAsync("INSERT INTO users (name, password_hash, created_at_ms) VALUES (@name, @hash, 1)", ("@name", name), ("@hash", hash));
                await commands.ExecuteAsync("INSERT INTO user_roles (user_id, role_id) SELECT @user, id FROM roles WHERE name = @role", ("@user", user), ("@role", role));
                return user;
            },
            CancellationToken.None);
        return await AddSessionAsync(database, id, isRevoked: false);
    }

    private static async Task<(long User, long Session)> AddSessionAsync(IDatabase database, long user, bool isRevoked)
    {
        var session = await ControlTransaction.RunAsync(
            database,
            commands => commands.InsertAsync(
                "INSERT INTO sessions (user_id, created_at_ms, expires_at_ms, revoked_at_ms) VALUES (@user, 1, 9000000000000, @revoked)", ("@user", user), ("@revoked", isRevoked ? 2 : null)),
            CancellationToken.None);
        return (user, session);
    }

    private static Task<long> InsertBotAsync(ControlCommands commands, KeyRing keys, long telegramId, string? webhookSecret = null)
    {
        var box = new SecretBox(keys);
        var token = TokenOf(telegramId);
        var secret = Secrets.Note(webhookSecret ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16)), "webhook secret");
        return commands.InsertAsync(
            "INSERT INTO bots (telegram_id, username, first_name, token_hash, token_cipher, webhook_secret_hash, webhook_secret_cipher, mode, created_at_ms) "
            + "VALUES (@telegram, 'a_bot', 'Bot', @tokenHash, @token, @secretHash, @secret, 'webhook', 1)",
            ("@telegram", telegramId),
            ("@tokenHash", SecretHash.Of(token)),
            ("@token", box.Seal(token, SecretBox.BotToken(telegramId))),
            ("@secretHash", SecretHash.Of(secret)),
            ("@secret", box.Seal(secret, SecretBox.WebhookSecret(telegramId))));
    }

    private async Task PostUpdateAsync(long bot, long chat, string text)
    {
        var update = string.Create(CultureInfo.InvariantCulture,
            $$$"""{"update_id":{{{bot}}},"message":{"message_id":7,"date":1767225600,"chat":{"id":{{{chat}}},"type":"supergroup","title":"{{{text}}}"},"text":"{{{text}}}"}}""");
        using var answer = await Gateway.Client.PostAsync($"/telegram/webhook/{WebhookSecret(bot)}", new StringContent(update));
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
    }
}
