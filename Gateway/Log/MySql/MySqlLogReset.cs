using System.Text;
using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Log.MySql;

/// <summary>Gives a log whose head moved back a new identity; see <see cref="ILogStore.ResetAsync"/>.</summary>
internal sealed class MySqlLogReset(MySqlDatabase database, TimeProvider time)
{
    public async ValueTask<LogEvent?> ResetAsync(LogPosition floor)
    {
        await using MySqlCommitSession session = await MySqlCommitSession.OpenAsync(database);
        if (await session.BeginAsync() is not { } head) return null;
        if (head.LogId != floor.LogId)
        {
            LogEvent? first = await FindFirstAsync(session, head);
            await session.ExecuteAsync("ROLLBACK");
            return first;
        }

        return await WriteAsync(session, head, floor);
    }

    private async ValueTask<LogEvent> WriteAsync(MySqlCommitSession session, LogHead head, LogPosition floor)
    {
        long nowMs = Math.Max(head.CreatedAtMs, time.GetUtcNow().ToUnixTimeMilliseconds());
        LogReset reset = LogReset.After(floor, head.Seq);
        session.Closing.Append("INSERT INTO log_history (log_id,last_seq,seen_seq,ended_at_ms) VALUES (").AppendLiteral(head.LogId)
            .Append(',').AppendNumber(head.Seq).Append(',').AppendNumber(floor.Seq).Append(',').AppendNumber(nowMs)
            .Append(") ON DUPLICATE KEY UPDATE last_seq=LEAST(last_seq,VALUES(last_seq)), seen_seq=GREATEST(seen_seq,VALUES(seen_seq)), ended_at_ms=VALUES(ended_at_ms); ")
            .Append("INSERT INTO events (seq,bot_id,kind,dedup_key,created_at_ms,payload) VALUES (").AppendNumber(reset.Seq).Append(",0,")
            .AppendLiteral(GatewayEventKinds.LogReset).Append(',').AppendLiteral(reset.DedupKey).Append(',').AppendNumber(nowMs)
            .Append(',').AppendLiteral(Encoding.UTF8.GetString(reset.Payload)).Append("); UPDATE log_head SET log_id=").AppendLiteral(reset.LogId).Append(" WHERE id=1; ");
        await session.CommitAsync(new LogHead(reset.LogId, reset.Seq, nowMs));
        return reset.ToEvent(nowMs);
    }

    private static async ValueTask<LogEvent?> FindFirstAsync(MySqlCommitSession session, LogHead head)
    {
        LogEvent? found = null;
        await session.ReadAsync(
            $"SELECT seq, payload, created_at_ms FROM events FORCE INDEX (events_bot) WHERE bot_id=0 AND kind='{GatewayEventKinds.LogReset}' ORDER BY seq DESC LIMIT 1",
            row => found = new LogReset(head.LogId, row.GetInt64(0), row.GetFieldValue<byte[]>(1)).ToEvent(row.GetInt64(2)));
        return found;
    }
}
