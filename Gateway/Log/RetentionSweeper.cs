using System.Data.Common;
using System.Globalization;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log;

/// <param name="Keep">For bots without <c>retention_days</c> of their own. Never less than <see cref="Limits.Log.RetentionLeast"/> is kept.</param>
/// <param name="WatchedFolder">Where the log lies on disk, for the watermark; null where it is not on this machine.</param>
/// <param name="MinFreeBytes">Less free than this: the oldest events go early. Zero: no watermark.</param>
internal sealed record RetentionOptions(TimeSpan Keep, string? WatchedFolder = null, long MinFreeBytes = 0);

/// <summary>
/// Deletes what is older than its bot keeps, in small transactions with pauses, so that no commit waits long for one. Several
/// replicas may sweep at once: deleting what is gone deletes nothing.
/// </summary>
internal sealed class RetentionSweeper(
    IDatabase database, ILogStore store, RetentionOptions options, TimeProvider time, ILogger logger, Func<string, long>? freeBytes = null)
{
    private readonly Func<string, long> freeBytes = freeBytes ?? (static folder => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace);

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Limits.Log.RetentionInterval, time, stop);
                await SweepAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                CommitterLog.StageStopped(logger, nameof(RetentionSweeper));
                return;
            }
            catch (Exception e)
            {
                // The loop's boundary: also DbException, when the database is away. The next turn tries again.
                CommitterLog.RetentionFailed(logger, e);
            }
        }
    }

    /// <summary>One turn over all bots; answers how many events went.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var total = 0;
        var isLow = IsDiskLow();
        foreach (var (bot, days) in await BotsAsync(cancellation))
        {
            var keep = days is { } own ? TimeSpan.FromDays(own) : options.Keep;
            var deleted = await DeleteAsync(bot, keep, int.MaxValue, cancellation);
            // Freed pages are used again before the file grows, so a bounded bite each turn is enough to stop the growth.
            if (isLow) deleted += await DeleteAsync(bot, Limits.Log.RetentionLeast, Limits.Log.WatermarkEvents, cancellation);
            if (deleted > 0) CommitterLog.Expired(logger, deleted, bot);
            total += deleted;
        }

        return total;
    }

    private async Task<int> DeleteAsync(long bot, TimeSpan keep, int most, CancellationToken cancellation)
    {
        if (keep < Limits.Log.RetentionLeast) keep = Limits.Log.RetentionLeast;
        var before = time.GetUtcNow().ToUnixTimeMilliseconds() - (long)keep.TotalMilliseconds;
        var total = 0;
        while (total < most)
        {
            var deleted = await store.DeleteExpiredAsync(bot, before, Math.Min(Limits.Log.RetentionStep, most - total), cancellation);
            if (deleted is not > 0) break;
            total += deleted.Value;
            LogTelemetry.Expired.Add(deleted.Value);
            await Task.Delay(Limits.Log.RetentionPause, time, cancellation);
        }

        return total;
    }

    private bool IsDiskLow()
    {
        if (options.WatchedFolder is not { } folder || options.MinFreeBytes <= 0) return false;
        var free = freeBytes(folder);
        if (free >= options.MinFreeBytes) return false;
        CommitterLog.DiskWatermark(logger, free);
        return true;
    }

    private async Task<List<(long Id, int? Days)>> BotsAsync(CancellationToken cancellation)
    {
        var bots = new List<(long, int?)>();
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, retention_days FROM bots ORDER BY id";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            bots.Add((reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellation) ? null : Convert.ToInt32(reader.GetValue(1), CultureInfo.InvariantCulture)));
        return bots;
    }
}
