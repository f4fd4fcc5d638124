using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gateway.LoadTests.Native;
using HdrHistogram;

namespace Gateway.LoadTests.Posting;

/// <summary>The bytes of the next request, valid until the next call; due is what the request may carry as its time.</summary>
internal delegate ReadOnlySpan<byte> NextRequest(long dueNanoseconds);

/// <summary>
/// Sends requests over keep-alive connections from one thread. Closed loop: every connection sends again as soon as it was
/// answered. Open loop: requests are due on a schedule of their own whatever the server does, wait for a free connection when
/// there is none, and their latency counts from when they were due (no coordinated omission).
/// </summary>
internal sealed unsafe class PostGenerator : IDisposable
{
    private const int ReceiveBytes = 4096;

    private readonly NextRequest next;
    private readonly Epoll epoll = new(1024);
    private readonly Socket[] sockets;
    private readonly int[] descriptors;
    private readonly long[] due;
    private readonly byte[][] received;
    private readonly int[] filled;
    private readonly Stack<int> idle = new();
    private readonly Dictionary<int, long> refused = [];
    private LongHistogram latency = LoadResult.NewHistogram();
    private long accepted;
    private int inFlight;

    public PostGenerator(int port, int connections, UpdateTemplate template)
        : this(port, connections, template.Next)
    {
    }

    public PostGenerator(int port, int connections, NextRequest next)
    {
        this.next = next;
        sockets = new Socket[connections];
        descriptors = new int[connections];
        due = new long[connections];
        filled = new int[connections];
        received = new byte[connections][];
        for (int index = 0; index < connections; index++)
        {
            sockets[index] = Loopback.Connect(port, index);
            descriptors[index] = (int)sockets[index].Handle;
            received[index] = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);
            epoll.AddReadable(descriptors[index], index);
            idle.Push(index);
        }
    }

    public LoadResult RunClosed(TimeSpan warmUp, TimeSpan duration)
    {
        long start = Clock.Now;
        long from = start + Clock.Of(warmUp), until = from + Clock.Of(duration);
        while (idle.TryPop(out int connection))
        {
            Post(connection, Clock.Now);
        }

        bool measuring = false;
        long now = start;
        while (now < until)
        {
            if (!measuring && now >= from)
            {
                measuring = true;
                Forget();
                from = now;
            }

            int ready = epoll.Wait(until - now);
            for (int at = 0; at < ready; at++)
            {
                int connection = epoll.NumberAt(at);
                if (Receive(connection))
                {
                    Post(connection, Clock.Now);
                }
            }

            now = Clock.Now;
        }

        LoadResult result = Take((now - from) / 1e9);
        Drain();
        return result;
    }

    public LoadResult RunOpen(double perSecond, TimeSpan warmUp, TimeSpan duration, Action? measuringStarts = null)
    {
        double interval = 1e9 / perSecond;
        long start = Clock.Now;
        long from = start + Clock.Of(warmUp), until = from + Clock.Of(duration);
        long sent = 0;
        bool measuring = false;
        long now = start;
        while (now < until)
        {
            if (!measuring && now >= from)
            {
                measuring = true;
                Forget();
                from = now;
                measuringStarts?.Invoke();
            }

            long nextDue = start + (long)(sent * interval);
            while (nextDue <= now && idle.TryPop(out int connection))
            {
                Post(connection, nextDue);
                nextDue = start + (long)(++sent * interval);
            }

            int ready = epoll.Wait(idle.Count == 0 ? until - now : Math.Max(0, nextDue - now));
            for (int at = 0; at < ready; at++)
            {
                int connection = epoll.NumberAt(at);
                if (Receive(connection))
                {
                    idle.Push(connection);
                }
            }

            now = Clock.Now;
        }

        // What was due and could not even be sent counts with the time it has waited so far, else a stalled server would look well.
        for (long late = start + (long)(sent * interval); late < until; late = start + (long)(++sent * interval))
        {
            latency.RecordValue(Math.Max(1, (now - late) / 1000));
        }

        Drain();
        return Take((until - from) / 1e9);
    }

    private void Forget()
    {
        latency = LoadResult.NewHistogram();
        refused.Clear();
        accepted = 0;
    }

    private LoadResult Take(double seconds)
    {
        LoadResult result = new(seconds, accepted, new Dictionary<int, long>(refused), latency);
        Forget();
        return result;
    }

    private void Drain()
    {
        long until = Clock.Now + 5_000_000_000;
        while (inFlight > 0 && Clock.Now < until)
        {
            int ready = epoll.Wait(100_000_000);
            for (int at = 0; at < ready; at++)
            {
                int connection = epoll.NumberAt(at);
                if (Receive(connection))
                {
                    idle.Push(connection);
                }
            }
        }
    }

    private void Post(int connection, long dueAt)
    {
        due[connection] = dueAt;
        ReadOnlySpan<byte> request = next(dueAt);
        fixed (byte* bytes = request)
        {
            nint sent = Libc.Send(descriptors[connection], bytes, request.Length, Libc.MsgNoSignal);
            if (sent != request.Length)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), "the server closed a posting connection");
            }
        }

        inFlight++;
    }

    /// <returns>True when the connection's answer is complete.</returns>
    private bool Receive(int connection)
    {
        byte[] buffer = received[connection];
        nint count;
        fixed (byte* bytes = buffer)
        {
            count = Libc.Receive(descriptors[connection], bytes + filled[connection], ReceiveBytes - filled[connection], Libc.MsgDontWait);
        }

        if (count <= 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return count < 0 && error == Libc.Again ? false : throw new Win32Exception(error, "the server closed a posting connection");
        }

        filled[connection] += (int)count;
        if (!HttpResponse.TryRead(buffer.AsSpan(0, filled[connection]), out int status, out int consumed))
        {
            return false;
        }

        filled[connection] -= consumed;
        inFlight--;
        latency.RecordValue(Math.Max(1, (Clock.Now - due[connection]) / 1000));
        if (status == 200)
        {
            accepted++;
        }
        else
        {
            refused[status] = refused.GetValueOrDefault(status) + 1;
        }

        return true;
    }

    public void Dispose()
    {
        epoll.Dispose();
        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }
    }
}
