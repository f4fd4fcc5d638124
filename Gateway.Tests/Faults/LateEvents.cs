using Gateway.Tests.Support;

namespace Gateway.Tests.Faults;

/// <summary>The events of a chat that came to consumers in bytes that were sent later than <see cref="Mark"/>.</summary>
internal sealed class LateEvents
{
    private readonly StreamConsumer[] consumers;
    private readonly int[] all, late;
    private readonly long[] unread;

    /// <param name="chat">The chat of a <see cref="ChatPoster"/>.</param>
    public LateEvents(StreamConsumer[] consumers, long chat)
    {
        this.consumers = consumers;
        (all, late, unread) = (new int[consumers.Length], new int[consumers.Length], new long[consumers.Length]);
        for (int index = 0; index < consumers.Length; index++)
        {
            int one = index;
            PeerMeter meter = consumers[one].Meter!;
            // On the consumer's own task, before it reads on.
            consumers[one].Journal.Arrived = (received, _) =>
            {
                if (received.UpdateId >= ChatPoster.FirstIdOf(chat) && received.UpdateId < ChatPoster.FirstIdOf(chat + 1))
                {
                    all[one]++;
                    late[one] += meter.IsPastMark ? 1 : 0;
                }
            };
        }
    }

    public int All(int consumer) => Volatile.Read(ref all[consumer]);

    public int Late(int consumer) => Volatile.Read(ref late[consumer]);

    public void Mark()
    {
        for (int index = 0; index < consumers.Length; index++)
        {
            unread[index] = consumers[index].Meter!.Mark();
        }
    }

    public string Describe(int consumer)
    {
        Journal journal = consumers[consumer].Journal;
        return $"{journal.Name}: {All(consumer)} events of the chat, {Late(consumer)} of them sent late; {unread[consumer]} bytes were on their way at the mark; {journal.Connections} connections, {journal.LastDisconnect}";
    }
}
