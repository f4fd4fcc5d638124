using System.Text;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>
/// Reads one page. The first request brings the head, retention and some events; the events' average size then says how many more to
/// ask for, so that a page of the largest updates never loads much more than its bytes allow.
/// </summary>
internal sealed class PageReader(MySqlConnection connection, LogQuery query)
{
    private readonly List<BotRetention> retained = [];
    private readonly bool isScan = PageQuery.IsScan(query);
    private PageBuilder? page;
    private long firstSeq;
    private long lastSeq = query.AfterSeq;
    private int events;
    private long bytes;

    public async ValueTask<LogPage?> ReadAsync(CancellationToken cancellation)
    {
        int count = NextCount();
        bool mayHaveMore = await ReadFirstAsync(count, cancellation);
        if (this.page is not { } page) return null;

        // Counted from the first event there is: numbers that a reset jumped over or retention deleted cost nothing.
        long through = isScan && firstSeq > 0 ? Math.Min(page.ThroughSeq, firstSeq - 1 + Limits.Log.ScannedEvents) : page.ThroughSeq;
        while (mayHaveMore && !page.IsFull)
        {
            count = NextCount();
            var sql = new StringBuilder();
            PageQuery.AppendEvents(sql, query, lastSeq, through, count);
            mayHaveMore = await ReadMoreAsync(page, sql.ToString(), count, cancellation);
        }

        if (!page.IsFull && through < page.ThroughSeq) page.StopAt(through);
        return page.Build(retained);
    }

    /// <returns>Whether there may be events beyond those read.</returns>
    private async ValueTask<bool> ReadFirstAsync(int count, CancellationToken cancellation)
    {
        var sql = new StringBuilder(PageQuery.Begin).Append(PageQuery.Head);
        PageQuery.AppendRetained(sql, query);
        if (isScan) PageQuery.AppendFirstSeq(sql, query.AfterSeq);
        else if (!PageQuery.MatchesNothing(query)) PageQuery.AppendEvents(sql, query, query.AfterSeq, query.ThroughSeq, count);

        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql.ToString();
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return false;
        page = new PageBuilder(MySqlHistory.HeadOf(reader), query);
        await reader.NextResultAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) retained.Add(new BotRetention(reader.GetInt64(0), reader.GetInt64(1)));
        if (!await reader.NextResultAsync(cancellation)) return false;
        if (!isScan) return await TakeAsync(page, reader, count, cancellation);
        await reader.ReadAsync(cancellation);
        firstSeq = reader.GetInt64(0);
        return firstSeq > 0;
    }

    private async ValueTask<bool> ReadMoreAsync(PageBuilder page, string sql, int count, CancellationToken cancellation)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        return await TakeAsync(page, reader, count, cancellation);
    }

    private async ValueTask<bool> TakeAsync(PageBuilder page, MySqlDataReader reader, int count, CancellationToken cancellation)
    {
        int rows = 0;
        while (!page.IsFull && await reader.ReadAsync(cancellation))
        {
            rows++;
            LogEvent logEvent = EventOf(reader, page.LogId);
            events++;
            bytes += logEvent.Payload.Length;
            lastSeq = logEvent.Seq;
            page.Add(logEvent);
        }

        return rows == count;
    }

    private int NextCount()
    {
        if (events == 0) return Math.Clamp(query.MaxEvents, 1, Limits.Log.PageFirstEvents);
        long average = Math.Max(1, bytes / events);
        return (int)Math.Clamp(((query.MaxBytes - bytes) / average) + 1, 1, Limits.Log.PageEvents);
    }

    private static LogEvent EventOf(MySqlDataReader row, string logId)
    {
        string kind = row.GetString(3);
        byte[] payload = row.GetFieldValue<byte[]>(7);
        return new LogEvent(logId, row.GetInt64(0), row.GetInt64(1), kind, payload, EventFacts.Parse(kind, payload))
        {
            ChatId = Id(row, 2),
            MessageId = Id(row, 4),
            ReplyToMessageId = Id(row, 5),
            CreatedAtMs = row.GetInt64(6),
        };
    }

    private static long Id(MySqlDataReader row, int column) => row.IsDBNull(column) ? 0 : row.GetInt64(column);
}
