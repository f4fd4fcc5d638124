namespace Gateway.Log.Sqlite;

/// <summary>
/// A bounded set of threads, each with a session of its own, that run what blocks on the database. A thread is started when there
/// is work for it, so an idle gateway has none of its readers' stacks and page caches.
/// </summary>
internal sealed class SqliteWorkers<TSession>(string name, int maxThreads, int maxJobs, Func<TSession> open) : IAsyncDisposable
    where TSession : class, IDisposable
{
    // SQLite and our frames need a few ten KiB; the default stack of 8 MiB would be mapped for each.
    private const int StackBytes = 512 * 1024;

    // An object and not a Lock, because the threads wait on it for work.
    private readonly object gate = new();
    private readonly Queue<Job> jobs = new();
    private readonly List<Thread> threads = [];
    private int idle;
    private bool isClosed;

    /// <summary>Runs the work on one of the threads. A fault of the engine closes the session and becomes what <paramref name="onFault"/> says.</summary>
    /// <param name="isInline">
    /// The caller goes on, on this thread. For the committer: queued to the thread pool its next batch would wait behind the hundreds of
    /// requests that this one just answered, and the database would idle meanwhile.
    /// </param>
    public Task<T> RunAsync<T>(Func<TSession, T> work, Func<SqliteFault, T> onFault, CancellationToken cancellation, bool isInline = false)
    {
        var job = new Job<T>(work, onFault, isInline, cancellation);
        lock (gate)
        {
            if (isClosed || jobs.Count >= maxJobs) return Task.FromResult(onFault(new SqliteFault(SQLitePCL.raw.SQLITE_BUSY, "too many requests")));
            jobs.Enqueue(job);
            if (idle < jobs.Count && threads.Count < maxThreads) Start();
            Monitor.Pulse(gate);
        }

        return job.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Thread[] running;
        lock (gate)
        {
            if (isClosed) return;
            isClosed = true;
            running = [.. threads];
            Monitor.PulseAll(gate);
        }

        await Task.Run(() => Array.ForEach(running, thread => thread.Join()));
    }

    private void Start()
    {
        var thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"{name} {threads.Count + 1}" };
        threads.Add(thread);
        idle++;
        thread.Start();
    }

    private void Run()
    {
        TSession? session = null;
        while (Take() is { } job)
        {
            job.Run(ref session, open);
            lock (gate) idle++;
        }

        session?.Dispose();
    }

    // Null when closed; what was queued before closing is still run.
    private Job? Take()
    {
        lock (gate)
        {
            Job? job;
            while (!jobs.TryDequeue(out job))
            {
                if (isClosed) return null;
                Monitor.Wait(gate);
            }

            idle--;
            return job;
        }
    }

    private abstract class Job
    {
        public abstract void Run(ref TSession? session, Func<TSession> open);
    }

    private sealed class Job<T>(Func<TSession, T> work, Func<SqliteFault, T> onFault, bool isInline, CancellationToken cancellation) : Job
    {
        private readonly TaskCompletionSource<T> result =
            new(isInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => result.Task;

        public override void Run(ref TSession? session, Func<TSession> open)
        {
            if (cancellation.IsCancellationRequested)
            {
                result.SetCanceled(cancellation);
                return;
            }

            try
            {
                session ??= open();
                result.SetResult(work(session));
            }
            catch (SqliteFault fault)
            {
                Close(ref session);
                result.SetResult(onFault(fault));
            }
            catch (Exception bug)
            {
                // The thread's boundary: the caller gets the bug, the thread and the next job live on, with a clean session.
                Close(ref session);
                result.SetException(bug);
            }
        }

        private static void Close(ref TSession? session)
        {
            session?.Dispose();
            session = null;
        }
    }
}
