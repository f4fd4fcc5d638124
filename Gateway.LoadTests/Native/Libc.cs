using System.Runtime.InteropServices;

namespace Gateway.LoadTests.Native;

/// <summary>
/// The few system calls that the load generators live on. .NET's own asynchronous sockets cost several microseconds per
/// operation, and the generator shares its cores with the server it measures: every microsecond spent here is one less there.
/// </summary>
internal static unsafe partial class Libc
{
    public const int MsgDontWait = 0x40;
    public const int MsgNoSignal = 0x4000;
    public const int Again = 11;
    public const int SigTerm = 15;
    public const int SigKill = 9;
    private const int ResourceOpenFiles = 7;

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int socket, byte* @event);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int count, long* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetResourceLimit(int resource, ulong* limit);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetResourceLimit(int resource, ulong* limit);

    /// <summary>Raises the limit of open files for this process and the children it starts; answers what is allowed now.</summary>
    public static ulong RaiseOpenFiles(ulong wanted)
    {
        ulong* limit = stackalloc ulong[2];
        if (GetResourceLimit(ResourceOpenFiles, limit) != 0)
        {
            return 0;
        }

        if (limit[1] < wanted)
        {
            ulong* raised = stackalloc ulong[2] { wanted, wanted };
            if (SetResourceLimit(ResourceOpenFiles, raised) == 0)
            {
                return wanted;
            }
        }

        limit[0] = limit[1];
        return SetResourceLimit(ResourceOpenFiles, limit) == 0 ? limit[0] : 0;
    }
}
