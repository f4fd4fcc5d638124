using System.Numerics;
using System.Text;
using Gateway.Messages;
using MySqlConnector;

namespace Gateway.Log.MySql;

/// <summary>
/// One table's prepared INSERT for 1, 2, 4 … <see cref="Limits.Log.InsertRows"/> rows, prepared on first use: any number of rows takes as
/// many requests as it has binary digits, and the server parses nothing. Lives as long as its connection.
/// </summary>
internal sealed class MultiRowInsert(MySqlConnection connection, string tableAndColumns, int columns)
{
    private readonly MySqlCommand?[] commands = new MySqlCommand?[BitOperations.Log2(Limits.Log.InsertRows) + 1];

    /// <summary>Writes one row's values into the parameters that start at the offset.</summary>
    public delegate void FillRow(int row, MySqlParameterCollection parameters, int offset);

    public async ValueTask ExecuteAsync(int rows, FillRow fill)
    {
        for (int start = 0; start < rows;)
        {
            int count = Math.Min(Limits.Log.InsertRows, 1 << BitOperations.Log2((uint)(rows - start)));
            MySqlCommand command = await PreparedAsync(count);
            for (int row = 0; row < count; row++) fill(start + row, command.Parameters, row * columns);
            await command.ExecuteNonQueryAsync();
            start += count;
        }
    }

    private async ValueTask<MySqlCommand> PreparedAsync(int rows)
    {
        int size = BitOperations.Log2((uint)rows);
        if (commands[size] is { } known) return known;

        string values = "(" + string.Join(',', Enumerable.Repeat("?", columns)) + ")";
        var sql = new StringBuilder("INSERT INTO ").Append(tableAndColumns).Append(" VALUES ").Append(values);
        for (int row = 1; row < rows; row++) sql.Append(',').Append(values);
        MySqlCommand command = connection.CreateCommand();
        command.CommandText = sql.ToString();
        for (int parameter = 0; parameter < rows * columns; parameter++) command.Parameters.Add(new MySqlParameter());
        await command.PrepareAsync();
        return commands[size] = command;
    }
}
