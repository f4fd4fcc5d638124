using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Gateway.LoadTests.Native;

/// <summary>A level-triggered epoll instance whose events carry one number of the caller's.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;

    // The kernel packs struct epoll_event on x86-64 only.
    private static readonly int Stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly int descriptor;
    private readonly byte* events;
    private readonly int capacity;

    public Epoll(int capacity)
    {
        this.capacity = capacity;
        events = (byte*)NativeMemory.AllocZeroed((nuint)(capacity * 16));
        descriptor = Libc.EpollCreate(0);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_create1");
        }
    }

    public void AddReadable(int socket, int number)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = Readable;
        *(long*)(entry + DataOffset) = number;
        if (Libc.EpollControl(descriptor, Add, socket, entry) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_ctl");
        }
    }

    /// <summary>Waits at most so long (zero: not at all) and answers how many numbers <see cref="NumberAt"/> has.</summary>
    public int Wait(long nanoseconds)
    {
        long* timeout = stackalloc long[2] { nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 };
        int ready = Libc.EpollWait(descriptor, events, capacity, timeout, null);
        return Math.Max(ready, 0);
    }

    public int NumberAt(int index) => (int)*(long*)(events + index * Stride + DataOffset);

    public void Dispose()
    {
        _ = Libc.Close(descriptor);
        NativeMemory.Free(events);
    }
}
