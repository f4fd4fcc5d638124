using Gateway.Log;
using Gateway.Messages;

namespace Gateway.Publish;

/// <summary>
/// What goes over the bus: committed events in seq order, and the head they were committed up to. Fewer events than the head tells of
/// is allowed; whoever misses some reads them from the log.
/// </summary>
internal readonly record struct BusMessage(IReadOnlyList<LogEvent> Events, LogHead Head);
