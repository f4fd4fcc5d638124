using System.Data.Common;
using Gateway.Access;
using Gateway.Storage;
using Microsoft.Extensions.Logging;

namespace Gateway.Ingest;

/// <summary>
/// The bots of the database, kept in memory and read again when the control version changes. Receiving an update never asks the
/// database who it is for.
/// </summary>
/// <param name="acceptTokens">Whether a bot token in the path names its bot too (design section 8).</param>
internal sealed class BotDirectory(IDatabase database, bool acceptTokens, ILogger<BotDirectory> logger) : IControlObserver
{
    /// <summary>A bot that was given back has a row for its history only: its secrets are wrong ones from then on.</summary>
    private const string Select =
        "SELECT id, telegram_id, mode, secret_token_hash, token_cipher, base_url, webhook_secret_hash, token_hash, is_paused, webhook_told_at_ms FROM bots "
        + $"WHERE mode <> '{BotModes.Removed}' ORDER BY id";

    private volatile BotSnapshot current = BotSnapshot.Empty;
    private volatile bool isCurrent;
    private volatile TaskCompletionSource changed = NewSignal();

    public BotSnapshot Current => current;

    /// <summary>
    /// False before the first load and while the last one failed: then a secret that is not found is answered 503, because "unknown" cannot be
    /// told from "not read yet".
    /// </summary>
    public bool IsCurrent => isCurrent;

    public async ValueTask<bool> OnControlChangedAsync(long version, CancellationToken cancellation) => await ReloadAsync(cancellation);

    /// <summary>False when the database did not answer; the bots known so far stay.</summary>
    public async Task<bool> ReloadAsync(CancellationToken cancellation)
    {
        try
        {
            current = await LoadAsync(cancellation);
        }
        catch (Exception failure) when (failure is DbException or IOException or System.Net.Sockets.SocketException or TimeoutException)
        {
            isCurrent = false;
            IngestLog.BotsUnreadable(logger, failure.Message);
            return false;
        }

        isCurrent = true;
        IngestLog.BotsLoaded(logger, current.Bots.Count);
        Interlocked.Exchange(ref changed, NewSignal()).SetResult();
        return true;
    }

    /// <summary>Completes at the next load after the snapshot that the caller has seen.</summary>
    public Task WaitForChangeAsync(BotSnapshot seen)
    {
        var signal = changed;
        return ReferenceEquals(seen, current) ? signal.Task : Task.CompletedTask;
    }

    private async Task<BotSnapshot> LoadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = Select;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Bot> bots = [];
        List<(byte[] Hash, Bot Bot)> secrets = [];
        List<(byte[] Hash, Bot Bot)> tokens = [];
        while (await reader.ReadAsync(cancellation))
        {
            var bot = new Bot(
                reader.GetInt64(0),
                reader.GetInt64(1),
                Bot.ModeOf(reader.GetString(2)),
                reader.IsDBNull(3) ? null : reader.GetFieldValue<byte[]>(3),
                reader.GetFieldValue<byte[]>(4),
                reader.IsDBNull(5) ? null : reader.GetString(5))
            {
                IsPaused = reader.GetInt64(8) != 0,
                WebhookToldAtMs = reader.IsDBNull(9) ? 0 : reader.GetInt64(9),
            };
            bots.Add(bot);
            secrets.Add((reader.GetFieldValue<byte[]>(6), bot));
            tokens.Add((reader.GetFieldValue<byte[]>(7), bot));
        }

        return BotSnapshot.Of(bots, acceptTokens ? [.. secrets, .. tokens] : secrets);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
