namespace Gateway.Cli;

/// <summary>What scripts see of a command's end. Part of the command-line contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Understood and refused, or looked at and found wrong.</summary>
    public const int Refused = 1;

    /// <summary>The arguments or the configuration cannot be used.</summary>
    public const int Usage = 2;

    /// <summary>The database, or the gateway that was asked, does not answer: the same command may work later.</summary>
    public const int Unavailable = 3;
}
