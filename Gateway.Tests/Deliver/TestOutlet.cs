using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Gateway.Deliver;
using Xunit;

namespace Gateway.Tests.Deliver;

/// <summary>A peer that keeps what it was sent, and can stop reading. The frames are the WebSocket's.</summary>
internal sealed class TestOutlet : IOutlet
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock gate = new();
    private readonly List<JsonElement> frames = [];
    private readonly List<int> sends = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>While set, each send is answered Pending; the test says when it is out.</summary>
    public volatile bool IsBlocked;

    public Connection Connection { get; set; } = null!;

    public CloseCode? Closed { get; private set; }

    public bool IsAborted { get; private set; }

    public IReadOnlyList<JsonElement> Frames
    {
        get
        {
            lock (gate) return [.. frames];
        }
    }

    /// <summary>Bytes of each send.</summary>
    public IReadOnlyList<int> Sends
    {
        get
        {
            lock (gate) return [.. sends];
        }
    }

    /// <summary>Seqs of bare events, in the order they came.</summary>
    public long[] Bare => [.. Frames.Where(f => f.TryGetProperty("type", out _) && !f.TryGetProperty("replay", out _)).Select(Seq)];

    public static long Seq(JsonElement frame) => frame.GetProperty("seq").GetInt64();

    public long[] Replayed(string id) =>
        [.. Frames.Where(f => f.TryGetProperty("type", out _) && f.TryGetProperty("replay", out var tag) && tag.GetString() == id).Select(Seq)];

    public JsonElement[] Actions(string action) => [.. Frames.Where(f => f.TryGetProperty("action", out var name) && name.GetString() == action)];

    public SendStatus Send(ReadOnlySpan<byte> bytes)
    {
        // Before the test hears of the frames: what it does then concerns the next send.
        var isBlocked = IsBlocked;
        lock (gate)
        {
            Assert.Null(Closed);
            sends.Add(bytes.Length);
            while (!bytes.IsEmpty)
            {
                var (header, length) = bytes[1] switch
                {
                    126 => (4, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..])),
                    127 => (10, (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])),
                    var small => (2, (int)small),
                };
                Assert.Equal(0x81, bytes[0]);
                frames.Add(JsonDocument.Parse(Encoding.UTF8.GetString(bytes.Slice(header, length))).RootElement);
                bytes = bytes[(header + length)..];
            }
        }

        Signal();
        return isBlocked ? SendStatus.Pending : SendStatus.Sent;
    }

    public void Close(CloseCode code)
    {
        Assert.Null(Closed);
        Closed = code;
        Signal();
    }

    public void Abort()
    {
        IsAborted = true;
        Signal();
    }

    public void Unblock()
    {
        IsBlocked = false;
        Connection.OnWritable();
    }

    /// <summary>Waits for the shard, which answers on its own thread, as long as a loaded machine may need.</summary>
    public async Task UntilAsync(Func<TestOutlet, bool> condition)
    {
        while (true)
        {
            Task next;
            lock (gate) next = changed.Task;
            if (condition(this))
            {
                return;
            }

            await next.WaitAsync(Patience);
        }
    }

    private void Signal()
    {
        TaskCompletionSource fired;
        lock (gate) (fired, changed) = (changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        fired.TrySetResult();
    }
}
