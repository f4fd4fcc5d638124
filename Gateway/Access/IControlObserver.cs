namespace Gateway.Access;

/// <summary>
/// Something that keeps a copy of control data (bots, grants) in this process. Implementations: the bot directory, which reads its rows
/// again, and the hub, which looks at its subscribers' principals again.
/// </summary>
internal interface IControlObserver
{
    /// <summary>
    /// Called by the version watcher, one call at a time, at start and after every change of the control version, after the principals'
    /// grants were reloaded. False: the database did not answer; the call comes again at the next poll.
    /// </summary>
    /// <param name="version">Counts the states this process saw; not the number in the database, which a restored copy can give twice.</param>
    ValueTask<bool> OnControlChangedAsync(long version, CancellationToken cancellation);
}
