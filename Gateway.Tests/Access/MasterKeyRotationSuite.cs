using System.Text.RegularExpressions;
using Gateway.Access;
using Gateway.Ingest;
using Gateway.Messages;
using Gateway.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Access;

/// <summary>The replacement of a master key, over either engine, cut short at every place where it touches the database.</summary>
public abstract class MasterKeyRotationSuite : IAsyncLifetime
{
    private static readonly string[] Tokens = [.. Enumerable.Range(1, 3).Select(bot => $"{bot}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")];

    private readonly MasterKey older = MasterKey.Create();
    private readonly MasterKey newer = MasterKey.Create();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 9, 12, 0, 0, TimeSpan.Zero));
    private readonly ApiKeyHasher hasher = new();
    private SwitchedDatabase database = null!;

    private protected abstract Task<IDatabase> OpenAsync();

    public async Task InitializeAsync()
    {
        database = new SwitchedDatabase(await OpenAsync());
        Assert.True((await new Migrator(database, time).MigrateAsync(CancellationToken.None)).IsReady);
    }

    public virtual async Task DisposeAsync()
    {
        hasher.Dispose();
        database.BeforeOpen = null;
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Rotate_WithBots_MovesEverySecretToTheNewKey()
    {
        await AddBotsAsync(new KeyRing(older));
        var outcome = await RotateAsync(older, newer);

        Assert.Equal((RotationStatus.Rotated, 9), (outcome.Status, outcome.Resealed));
        await AssertAllUnderAsync(newer);
        Assert.Equal(MasterKeyFit.IsAnother, await MasterKeyCheck.LookAsync(database, new KeyRing(older), CancellationToken.None));
        Assert.Equal(MasterKeyFit.Fits, await MasterKeyCheck.LookAsync(database, new KeyRing(newer), CancellationToken.None));
    }

    /// <summary>Regression: the damaged token counted as one that the key opens, so every key fitted.</summary>
    [Fact]
    public async Task Look_WithADamagedToken_StillTellsTheRightKeyFromAnother()
    {
        await AddBotsAsync(new KeyRing(older));
        await ControlTransaction.RunAsync(database, commands => commands.ExecuteAsync("UPDATE bots SET token_cipher = webhook_secret_cipher WHERE id = 1"), CancellationToken.None);

        Assert.Equal(MasterKeyFit.Fits, await MasterKeyCheck.LookAsync(database, new KeyRing(older), CancellationToken.None));
        Assert.Equal(MasterKeyFit.IsAnother, await MasterKeyCheck.LookAsync(database, new KeyRing(newer), CancellationToken.None));
        Assert.Equal(
            [new UnreadableSecret(1, "bot 1: token", SecretBoxStatus.Damaged, true)], await UnreadableSecrets.FindAsync(database, new KeyRing(older), CancellationToken.None));
    }

    [Fact]
    public async Task Look_WithNothingButDamage_FitsNoKey()
    {
        await AddBotsAsync(new KeyRing(older));
        await ControlTransaction.RunAsync(
            database, commands => commands.ExecuteAsync("UPDATE bots SET token_cipher = x'00', webhook_secret_cipher = x'00', secret_token_cipher = NULL"), CancellationToken.None);
        Assert.Equal(MasterKeyFit.IsAnother, await MasterKeyCheck.LookAsync(database, new KeyRing(older), CancellationToken.None));

        // The mark alone is enough.
        await MasterKeyCheck.MarkAsync(database, new KeyRing(older), time, CancellationToken.None);
        Assert.Equal(MasterKeyFit.Fits, await MasterKeyCheck.LookAsync(database, new KeyRing(older), CancellationToken.None));
        Assert.Equal(6, (await UnreadableSecrets.FindAsync(database, new KeyRing(older), CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Rotate_MoreBotsThanAStep_MovesThemAll()
    {
        var ring = new KeyRing(older);
        var bots = Limits.Access.RotationBots + 1;
        for (var bot = 1; bot <= bots; bot++) await AddAsync(ring, $"{bot}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw");

        Assert.Equal(3 * bots, (await RotateAsync(older, newer)).Resealed);
        await AssertAllUnderAsync(newer);
    }

    /// <summary>The process dies before its first, second, … use of the database; every time, both keys read everything, and a rerun completes it.</summary>
    [Fact]
    public async Task Rotate_CutShortAnywhere_IsCompletedByARerun()
    {
        await AddBotsAsync(new KeyRing(older));
        var key = await CreateKeyAsync(new KeyRing(older));
        var (from, to) = (older, newer);
        for (var cut = 1; ; cut++)
        {
            var opens = 0;
            database.BeforeOpen = _ => ++opens > cut ? throw new SqliteException("killed", 14) : Task.CompletedTask;
            var wasCut = false;
            try
            {
                await RotateAsync(from, to);
            }
            catch (SqliteException)
            {
                wasCut = true;
            }

            database.BeforeOpen = null;
            var both = await LoadAsync(new KeyRing(to, from));
            await AssertOpensAsync(both);
            AssertTaken(key, both);
            Assert.Equal(RotationStatus.Rotated, (await RotateAsync(from, to)).Status);
            await AssertAllUnderAsync(to);
            AssertTaken(key, await LoadAsync(new KeyRing(to)));
            if (!wasCut) break;
            (from, to) = (to, MasterKey.Create());
        }
    }

    [Fact]
    public async Task Rotate_ApiKeysAndTokensOfBefore_AreStillTaken()
    {
        var before = new KeyRing(older);
        var key = await CreateKeyAsync(before);
        await RotateAsync(older, newer);
        var after = await LoadAsync(new KeyRing(newer));

        Assert.Equal(key.Id, ApiKeyText.ReadId(key.Text, after));
        Assert.Contains(after.SigningKeys, each => each.Id == before.SigningKeys[0].Id);
        Assert.NotEqual(before.SigningKeys[0].Id, after.SigningKeys[0].Id);
        time.Advance(Limits.Access.RetiredSigningKey + TimeSpan.FromSeconds(1));
        Assert.DoesNotContain((await LoadAsync(new KeyRing(newer))).SigningKeys, each => each.Id == before.SigningKeys[0].Id);
    }

    [Fact]
    public async Task Rotate_RefreshTokensOfBefore_AreTakenForAsLongAsTheyLive()
    {
        var before = new OpaqueTokens(new KeyRing(older)).Create(OpaqueTokens.RefreshPrefix);
        await RotateAsync(older, newer);

        time.Advance(Limits.Access.RefreshTokenLife);
        Assert.True(new OpaqueTokens(await LoadAsync(new KeyRing(newer))).IsOurs(OpaqueTokens.RefreshPrefix, before));
        time.Advance(Limits.Access.RetiredSigningKey + TimeSpan.FromSeconds(1));
        Assert.False(new OpaqueTokens(await LoadAsync(new KeyRing(newer))).IsOurs(OpaqueTokens.RefreshPrefix, before));
    }

    [Fact]
    public async Task Rotate_WithAPreviousKeyThatIsNotTheOneInUse_ChangesNothing()
    {
        await AddBotsAsync(new KeyRing(older));
        Assert.Equal(RotationStatus.WrongPrevious, (await RotateAsync(MasterKey.Create(), newer)).Status);
        await AssertAllUnderAsync(older);
        Assert.Empty(await DerivedKeyStore.ReadAsync(database, CancellationToken.None));
    }

    [Fact]
    public async Task Rotate_WithoutBotsAndWithAWrongPreviousKey_IsRefusedByTheMark()
    {
        await MasterKeyCheck.MarkAsync(database, new KeyRing(older), time, CancellationToken.None);
        Assert.Equal(RotationStatus.WrongPrevious, (await RotateAsync(MasterKey.Create(), newer)).Status);
        Assert.Equal(RotationStatus.Rotated, (await RotateAsync(older, newer)).Status);
        Assert.Equal(MasterKeyFit.IsAnother, await MasterKeyCheck.LookAsync(database, new KeyRing(older), CancellationToken.None));
    }

    [Fact]
    public async Task Rotate_OverTheRetiredKeysInUse_IsRefusedUntilTheirApiKeysAreRevoked()
    {
        var first = await CreateKeyAsync(new KeyRing(older));
        var from = older;
        for (var count = 0; count < Limits.Access.RetiredApiKeyTags; count++)
        {
            var to = MasterKey.Create();
            Assert.Equal(new RotationOutcome(RotationStatus.Rotated, 0, count + 1), await RotateAsync(from, to));
            from = to;
        }

        Assert.Equal(RotationStatus.TooManyRetired, (await RotateAsync(from, newer)).Status);
        AssertTaken(first, await LoadAsync(new KeyRing(from)));

        await ApiKeys(new KeyRing(from)).RevokeAsync(Actor.Gateway, giver: null, first.Id, CancellationToken.None);
        Assert.Equal(new RotationOutcome(RotationStatus.Rotated, 0, 1), await RotateAsync(from, newer));
    }

    [Fact]
    public async Task Rotate_BotChangedMeanwhile_KeepsTheNewerToken()
    {
        await AddBotsAsync(new KeyRing(older));
        var newToken = "1:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
        var opens = 0;
        database.BeforeOpen = async _ =>
        {
            // Just before the step's transaction: mark, bots, end of bots; retired, its transaction; the page; here.
            if (++opens != 7) return;
            database.BeforeOpen = null;
            await AddAsync(new KeyRing(older), newToken);
        };
        await RotateAsync(older, newer);
        Assert.Null(database.BeforeOpen);

        var page = await SealedBots.ReadAsync(database, 0, 10, CancellationToken.None);
        Assert.Equal(SecretBoxStatus.Opened, new SecretBox(new KeyRing(newer)).Open(page[0].Cipher, page[0].Context, out var token));
        Assert.Equal(newToken, token);
    }

    /// <summary>A sealed column that the rotation does not know would be lost with the old key.</summary>
    [Fact]
    public async Task Rotate_EverySealedColumnOfTheSchema_IsKnown()
    {
        var sealedColumns = MigrationFiles.Of(database.Dialect).SelectMany(file => Regex.Matches(file.Sql, @"^\s*(?:ALTER TABLE \w+ ADD COLUMN )?(\w*cipher)\b", RegexOptions.Multiline))
            .Select(match => match.Groups[1].Value).ToHashSet();
        await AddBotsAsync(new KeyRing(older));
        var known = (await SealedBots.ReadAsync(database, 0, 1, CancellationToken.None)).Select(secret => secret.Column).Append("cipher");

        Assert.Equal(sealedColumns.Order(), known.Order());
    }

    private Task<RotationOutcome> RotateAsync(MasterKey from, MasterKey to)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return new MasterKeyRotation(database, new KeyRing(to, from), time).RunAsync(Actor.CommandLine, CancellationToken.None);
    }

    private static void AssertTaken(CreatedApiKey key, KeyRing ring) => Assert.Equal(key.Id, ApiKeyText.ReadId(key.Text, ring));

    private Task<KeyRing> LoadAsync(KeyRing ring) => DerivedKeyStore.LoadAsync(database, ring, time, CancellationToken.None);

    private ApiKeyAdministration ApiKeys(KeyRing ring) => new(database, ring, hasher, time);

    private async Task<CreatedApiKey> CreateKeyAsync(KeyRing ring) =>
        (await ApiKeys(ring).CreateAsync(Actor.Gateway, giver: null, new ApiKeySettings("consumer"), CancellationToken.None))!;

    private async Task AddBotsAsync(KeyRing ring)
    {
        foreach (var token in Tokens) await AddAsync(ring, token);
    }

    private Task AddAsync(KeyRing ring, string token) =>
        new BotAdministration(database, new SecretBox(ring), time).AddAsync(
            Actor.CommandLine, new BotRegistration(BotToken.TelegramIdOf(token)!.Value, token, null) { Update = true, SecretToken = "header" }, CancellationToken.None);

    private async Task AssertAllUnderAsync(MasterKey key)
    {
        await AssertOpensAsync(new KeyRing(key));
        Assert.DoesNotContain(await SealedBots.ReadAsync(database, 0, 1000, CancellationToken.None), secret => new SecretBox(new KeyRing(key)).IsOfAnotherKey(secret.Cipher));
    }

    private async Task AssertOpensAsync(KeyRing ring)
    {
        var page = await SealedBots.ReadAsync(database, 0, 1000, CancellationToken.None);
        Assert.NotEmpty(page);
        Assert.All(page, secret => Assert.Equal(SecretBoxStatus.Opened, new SecretBox(ring).Open(secret.Cipher, secret.Context, out _)));
    }
}
