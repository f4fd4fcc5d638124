using Gateway.Access;

namespace Gateway.Deliver;

/// <summary>
/// A grant adds from now on. A stream that is behind when its grants grow must not be shown, of what is new to it, the events that it has yet to
/// pass: up to <paramref name="Seq"/> an event leaves only if the grants before let it too. One object however many chats changed.
/// </summary>
/// <param name="Number">Counts the floors of a connection: a subscription that starts later asks for the past, and is not held by it.</param>
/// <param name="Seq">The live end when the grants grew.</param>
/// <param name="Moved">Supergroups that the grants before read as the groups they were.</param>
internal sealed record AccessFloor(int Number, long Seq, Grants Before, IReadOnlyCollection<long> Moved);
