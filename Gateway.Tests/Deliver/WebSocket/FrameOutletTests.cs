using System.IO.Pipelines;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

public sealed class FrameOutletTests
{
    private const byte CloseByte = 0x88;

    private readonly Pipe input = new();
    private readonly Transport transport;

    public FrameOutletTests() => transport = new Transport(input.Reader);

    /// <summary>Regression: a session whose peer had said close ended while the shard was sending its own close, which could then be lost.</summary>
    [Fact]
    public void Close_WhileItsFrameIsBeingSent_HasNotEnded()
    {
        transport.Close(CloseCode.Normal);
        Assert.Equal([false], transport.EndedAtClose);
        Assert.True(transport.HasEnded);
    }

    /// <summary>The session looks once more when the close that waited for a slow peer has left, or it would wait for nothing.</summary>
    [Fact]
    public async Task Close_BehindWhatThePeerTakesLate_EndsAndWakesTheSession()
    {
        transport.IsFull = true;
        Assert.Equal(SendStatus.Pending, transport.Send("late"u8));
        transport.Close(CloseCode.SlowConsumer);
        Assert.True((await input.Reader.ReadAsync()).IsCanceled);
        Assert.False(transport.HasEnded);

        var woken = input.Reader.ReadAsync();
        transport.IsFull = false;
        transport.Taken.SetResult();
        Assert.True((await woken.AsTask().WaitAsync(TimeSpan.FromSeconds(20))).IsCanceled);
        Assert.Equal([false], transport.EndedAtClose);
        Assert.True(transport.HasEnded);
    }

    [Fact]
    public void Close_WhenThePeerIsGone_HasEnded()
    {
        transport.IsGone = true;
        transport.Close(CloseCode.Normal);
        Assert.True(transport.HasEnded);
    }

    /// <summary>Regression: a write that failed later with what no peer's going makes was never heard of: the stream waited for the lag limit.</summary>
    [Fact]
    public async Task Write_FailsLaterWithABug_EndsAndWakesTheSession()
    {
        transport.IsFull = true;
        Assert.Equal(SendStatus.Pending, transport.Send("late"u8));
        var woken = input.Reader.ReadAsync();
        var bug = new NotSupportedException("a bug");
        transport.Taken.SetException(bug);

        Assert.True((await woken.AsTask().WaitAsync(TimeSpan.FromSeconds(20))).IsCanceled);
        Assert.True(transport.HasEnded);
        Assert.True(transport.IsCut);
        Assert.Same(bug, transport.Failure);
    }

    /// <summary>Takes everything at once, or waits with it.</summary>
    private sealed class Transport(PipeReader input) : FrameOutlet(input)
    {
        public bool IsFull { get; set; }

        public bool IsGone { get; set; }

        public TaskCompletionSource Taken { get; } = new();

        public List<bool> EndedAtClose { get; } = [];

        public override ValueTask EndAsync() => default;

        protected override int TrySend(ReadOnlySpan<byte> frames)
        {
            if (frames[0] == CloseByte)
            {
                EndedAtClose.Add(HasEnded);
            }

            return IsGone ? -1 : IsFull ? 0 : frames.Length;
        }

        protected override async ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => await Taken.Task;

        public bool IsCut { get; private set; }

        protected override void Cut() => IsCut = true;
    }
}
