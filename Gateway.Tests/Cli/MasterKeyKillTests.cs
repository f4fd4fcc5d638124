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

    [Fact]
    public async Task Rotate_KilledAtManyMoments_LosesNothingAndARerunCompletesIt()
    {
        var key = (await gateway.RunAsync("apikey", "create", "--name", "consumer", "--admin", "--json")).Json.GetProperty("key").GetString()!;
        var bots = new BotAdministration(database, new SecretBox(new KeyRing(MasterKeyFile.Read(KeyPath)!)), TimeProvider.System);
        for (var bot = 1; bot <= Bots; bot++)
            Assert.True((await bots.AddAsync(Actor.CommandLine, new BotRegistration(bot, TokenOf(bot), BotModes.Webhook), default)).IsDone);

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
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        using var answer = await client.GetAsync(new Uri(server.Url, "/api/v1/bots"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await server.StopAsync();
    }

    private static string TokenOf(long bot) => $"{bot}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

    private async Task<List<SealedSecret>> ReadAsync()
    {
        var all = new List<SealedSecret>();
        for (long after = 0; await SealedBots.ReadAsync(database, after, Bots, default) is { Count: > 0 } page; after = page[^1].BotId) all.AddRange(page);
        return all;
    }

    /// <summary>How many tokens are sealed under another key than the one that is put aside.</summary>
    private async Task<int> CountMovedAsync()
    {
        if (MasterKeyFile.ReadPrevious(KeyPath) is not { } previous) return 0;
        var id = new KeyRing(previous).Id;
        return (await ReadAsync()).Count(secret => secret.IsToken && BinaryPrimitives.ReadUInt32LittleEndian(secret.Cipher.AsSpan(1)) != id);
    }

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
