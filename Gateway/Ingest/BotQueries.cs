using System.Data.Common;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Ingest;

/// <summary>A bot with what the gateway needs to speak for it. Never leaves this stage.</summary>
/// <param name="Token">Null: it cannot be decrypted under this master key.</param>
/// <param name="WebhookSecret">As <paramref name="Token"/>.</param>
/// <param name="SecretToken">Null: none was given to Telegram, or none that we still have.</param>
internal sealed record OpenedBot(BotInfo Info, string? Token, string? WebhookSecret, string? SecretToken);

/// <summary>Reads bots. One that was given back is none.</summary>
internal sealed class BotQueries(IDatabase database, SecretBox secrets)
{
    private const string Known = $"mode <> '{BotModes.Removed}'";

    /// <summary>Sees: has any right on the bot as a whole or in one of its chats.</summary>
    private const string Seen =
        """
         AND (id IN (SELECT g.bot_id FROM grants g WHERE g.principal_kind = @kind AND g.principal_id = @principal AND g.bot_id IS NOT NULL
                     AND g.can_read + g.can_send + g.can_manage > 0)
           OR id IN (SELECT c.bot_id FROM grants g JOIN chats c ON c.id = g.chat_id WHERE g.principal_kind = @kind AND g.principal_id = @principal
                     AND g.can_read + g.can_send + g.can_manage > 0))
        """;

    /// <param name="viewer">Null: all bots.</param>
    public async Task<(IReadOnlyList<BotInfo> Bots, long Total)> ListAsync(PrincipalId? viewer, int offset, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var count = connection.CreateCommand();
        count.CommandText = $"SELECT COUNT(*) FROM bots WHERE {Known}{Condition(viewer, count)}";
        var total = Convert.ToInt64(await count.ExecuteScalarAsync(cancellation), System.Globalization.CultureInfo.InvariantCulture);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {BotInfo.Columns} FROM bots WHERE {Known}{Condition(viewer, command)} ORDER BY id LIMIT @limit OFFSET @offset";
        command.AddParameter("@limit", limit);
        command.AddParameter("@offset", offset);
        List<BotInfo> bots = [];
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
        {
            bots.Add(BotInfo.Read(rows));
        }

        return (bots, total);
    }

    /// <summary>Null: there is none, or none that the viewer sees.</summary>
    public async Task<BotInfo?> FindAsync(long id, PrincipalId? viewer, CancellationToken cancellation) => (await LookAsync(id, viewer, cancellation)).Bot;

    /// <summary>One statement whether it is there or not, and whether the viewer sees it or not.</summary>
    /// <param name="viewer">Null: sees all bots.</param>
    public async Task<(BotInfo? Bot, bool IsHidden)> LookAsync(long id, PrincipalId? viewer, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {BotInfo.Columns}, CASE WHEN 1 = 1{Condition(viewer, command)} THEN 1 ELSE 0 END FROM bots WHERE {Known} AND id = @id";
        command.AddParameter("@id", id);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        if (!await rows.ReadAsync(cancellation)) return (null, false);
        return rows.GetInt64(BotInfo.ColumnCount) == 1 ? (BotInfo.Read(rows), false) : (null, true);
    }

    public Task<OpenedBot?> OpenAsync(long id, CancellationToken cancellation) => OpenAsync("id", id, cancellation);

    public Task<OpenedBot?> OpenByTelegramIdAsync(long telegramId, CancellationToken cancellation) => OpenAsync("telegram_id", telegramId, cancellation);

    /// <summary>When the log last got an update of the bot; null: none is kept.</summary>
    public async Task<long?> LastUpdateAtMsAsync(long id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT created_at_ms FROM events WHERE bot_id = @id ORDER BY seq DESC LIMIT 1";
        command.AddParameter("@id", id);
        return await command.ExecuteScalarAsync(cancellation) is long at ? at : null;
    }

    private async Task<OpenedBot?> OpenAsync(string column, long value, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {BotInfo.Columns}, token_cipher, webhook_secret_cipher, secret_token_cipher FROM bots WHERE {Known} AND {column} = @value";
        command.AddParameter("@value", value);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        if (!await rows.ReadAsync(cancellation))
        {
            return null;
        }

        var info = BotInfo.Read(rows);
        return new OpenedBot(
            info,
            Open(rows, BotInfo.ColumnCount, SecretBox.BotToken(info.TelegramId)),
            Open(rows, BotInfo.ColumnCount + 1, SecretBox.WebhookSecret(info.TelegramId)),
            Open(rows, BotInfo.ColumnCount + 2, SecretBox.SecretToken(info.TelegramId)));
    }

    private string? Open(DbDataReader row, int column, string context) =>
        !row.IsDBNull(column) && secrets.Open(row.GetFieldValue<byte[]>(column), context, out var secret) == SecretBoxStatus.Opened ? secret : null;

    private static string Condition(PrincipalId? viewer, DbCommand command)
    {
        if (viewer is not { } principal)
        {
            return "";
        }

        command.AddParameter("@kind", (int)principal.Kind);
        command.AddParameter("@principal", principal.Id);
        return Seen;
    }
}
