namespace Gateway.Log.MySql;

/// <summary>A message's row while a batch is written: in the database already, or to be inserted with the batch.</summary>
internal sealed class MessageState(long id, long editedAtSeconds)
{
    public long Id { get; } = id;

    /// <summary>Zero for a message that was never edited: any edit is newer.</summary>
    public long EditedAtSeconds { get; set; } = editedAtSeconds;

    /// <summary>The item that creates the row; null when the row is in the database.</summary>
    public CommitItem? Origin { get; init; }

    /// <summary>The item whose text the row gets; null when the row stays as it is.</summary>
    public CommitItem? Content { get; set; }
}
