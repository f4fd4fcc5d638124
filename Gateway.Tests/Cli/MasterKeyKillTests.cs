using System.Buffers.Binary;
using System.Net;
using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Tests.Cli;

/// <summary>The real command, killed by SIGKILL again and again while it replaces the master key.</summary>
public sealed class MasterKeyKillTests : IAsyncLifetime
{
    private const int Bots = 6 * Limits.Access.RotationBots;

    private readonly GatewayProgram gateway = new();
    private SqliteDatabase database = null!;

    private string KeyPath => Path.Combine(gateway.DataFolder, MasterKeyFile.Name);

    public async Task InitializeAsync()
    {
        gateway.FileOf("started", "");
        await gateway.RunAsync("migrate");
        database = new SqliteDatabase(Path.Combine(gateway.DataFolder, StorageUrl.SqliteFileName));
    }

    public async Task DisposeAsync()
    {
        await database.DisposeAsync();
        gateway.Dispose();
    }

    /// <summary>Back and forth between two keys by option, which the server beside it knows both: each run has all to do again.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Rotate_KilledAtRandomMomentsBesideAServer_LosesNothing()
    {
        const int kills = 20;
        var random = new Random(20260209);
        var (to, from) = (MasterKey.Create(), MasterKeyFile.Read(KeyPath)!);
        File.Delete(KeyPath);
        (string, string)[] Environment(bool both) =>
        [
            ("GATEWAY__MasterKey", to.Export()), ("GATEWAY__Telegram__BaseUrl", "http://127.0.0.1:1"), .. both ? [("GATEWAY__PreviousMasterKey", from.Export())] : Array.Empty<(string, string)>(),
        ];
        var key = (await gateway.RunWithAsync(Environment(true), "apikey", "create", "--name", "consumer", "--admin", "--json")).Json.GetProperty("key").GetString()!;
        await AddBotsAsync(new KeyRing(from));
        var server = await gateway.ServeWithAsync(Environment(true));

        var cuts = 0;
        for (var run = 0; run < 10 * kills && cuts < kills; run++)
        {
            var (goal, id) = (random.Next(Bots), new KeyRing(from).Id);
            if (await gateway.KilledWithAsync(Environment(true), async () => await CountMovedAsync(id) >= goal, "master-key", "rotate") is null) (to, from) = (from, to);
            else cuts++;
            await AssertAllOpenAsync(new KeyRing(to, from));
            await AssertTakenAsync(server, key);
        }

        Assert.Equal(kills, cuts);
        var rotated = await gateway.RunWithAsync(Environment(true), "master-key", "rotate", "--json");
        Assert.True(rotated.ExitCode == 0, rotated.Output + rotated.Errors);
        await server.StopAsync();
        await AssertAllOpenAsync(new KeyRing(to));
        var doctor = await gateway.RunWithAsync(Environment(false), "doctor", "--json");
        Assert.True(doctor.Json.GetProperty("ok").GetBoolean(), doctor.Output);
        var after = await gateway.ServeWithAsync(Environment(false));
        await AssertTakenAsync(after, key);
        await after.StopAsync();
    }

    [Fact]
    public async Task Rotate_KilledAtManyMoments_LosesNothingAndARerunCompletesIt()
    {
        var key = (await gateway.RunAsync("apikey", "create", "--name", "consumer", "--admin", "--json")).Json.GetProperty("key").GetString()!;
        await AddBotsAsync(new KeyRing(MasterKeyFile.Read(KeyPath)!));

        var cuts = new List<int>();
        foreach (var goal in new[] { 0, 1, Bots / 3, Bots / 2, Bots - 1 })
        {
            if (!await gateway.KillWhenAsync(async () => File.Exists(KeyPath + MasterKeyFile.PreviousSuffix) && await CountMovedAsync() >= goal, "master-key", "rotate")) continue;
            cuts.Add(await CountMovedAsync());
            await AssertAllOpenAsync(new KeyRing(MasterKeyFile.Read(KeyPath)!, MasterKeyFile.ReadPrevious(KeyPath)));
        }

        // Else nothing was cut short in the middle, and the test has shown nothing.
        Assert.Contains(cuts, moved => moved is > 0 and < Bots);
        var rotated = await gateway.RunAsync("master-key", "rotate", "--json");
        Assert.True(rotated.ExitCode == 0, rotated.Output + rotated.Errors);
        Assert.False(File.Exists(KeyPath + MasterKeyFile.PreviousSuffix));
        await AssertAllOpenAsync(new KeyRing(MasterKeyFile.Read(KeyPath)!));

        var server = await gateway.ServeAsync("--telegram-base-url", "http://127.0.0.1:1");
        await AssertTakenAsync(server, key);
        await server.StopAsync();
    }

    private async Task AddBotsAsync(KeyRing keys)
    {
        var bots = new BotAdministration(database, new SecretBox(keys), TimeProvider.System);
        for (var bot = 1; bot <= Bots; bot++)
            Assert.True((await bots.AddAsync(Actor.CommandLine, new BotRegistration(bot, TokenOf(bot), BotModes.Webhook), default)).IsDone);
    }

    private static async Task AssertTakenAsync(RunningGateway server, string key)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        using var answer = await client.GetAsync(new Uri(server.Url, "/api/v1/bots"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static string TokenOf(long bot) => $"{bot}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private async Task<List<SealedSecret>> ReadAsync()
    {
        var all = new List<SealedSecret>();
        for (long after = 0; await SealedBots.ReadAsync(database, after, Bots, default) is { Count: > 0 } page; after = page[^1].BotId) all.AddRange(page);
        return all;
    }

    /// <summary>How many tokens are sealed under another key than the one that is put aside.</summary>
    private async Task<int> CountMovedAsync() => MasterKeyFile.ReadPrevious(KeyPath) is { } previous ? await CountMovedAsync(new KeyRing(previous).Id) : 0;

    private async Task<int> CountMovedAsync(uint id) =>
        (await ReadAsync()).Count(secret => secret.IsToken && BinaryPrimitives.ReadUInt32LittleEndian(secret.Cipher.AsSpan(1)) != id);

    private async Task AssertAllOpenAsync(KeyRing ring)
    {
        var box = new SecretBox(ring);
        var secrets = await ReadAsync();
        Assert.Equal(2 * Bots, secrets.Count);
        foreach (var secret in secrets)
        {
            Assert.Equal(SecretBoxStatus.Opened, box.Open(secret.Cipher, secret.Context, out var text));
            if (secret.IsToken) Assert.Equal(TokenOf(secret.BotId), text);
        }
    }
}
