using System.Data.Common;

namespace Gateway.Storage;

internal static class DbCommandParameters
{
    /// <summary>Adds a named parameter; null becomes SQL NULL, which both providers insist on being DBNull.</summary>
    public static void AddParameter(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }
}
