namespace Gateway.Api;

internal static class AuditNames
{
    /// <summary>By the number of <see cref="Storage.ActorKind"/>.</summary>
    public static readonly string[] Actors = ["nobody", "api_key", "user", "command_line", "gateway"];

    /// <summary>Lower-case words with dots and underscores, and a star at the end for all that begin so.</summary>
    public static bool IsAction(string text)
    {
        var name = text is [.., '*'] ? text.AsSpan()[..^1] : text.AsSpan();
        return name.Length is > 0 and <= 64 && name.IndexOfAnyExcept(Characters) < 0;
    }

    private static readonly System.Buffers.SearchValues<char> Characters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._");
}
