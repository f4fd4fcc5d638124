using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Tests.Support;

/// <summary>Posts at a fixed rate whatever the answers are, and remembers when each was due and when it was acknowledged.</summary>
internal sealed class OpenLoop(UpdatePoster poster, int perSecond)
{
    private readonly ConcurrentQueue<Post> posts = new();
    private readonly long start = TimeProvider.System.GetTimestamp();

    private readonly record struct Post(TimeSpan Due, TimeSpan Answered, HttpStatusCode? Status);

    /// <summary>Since the loop was made.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(start);

    public async Task RunAsync(CancellationToken cancellation)
    {
        List<Task> running = [];
        for (long sent = 0; !cancellation.IsCancellationRequested; sent++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)sent / perSecond);
            TimeSpan wait = due - Now;
            if (wait > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(wait, TimeProvider.System, CancellationToken.None);
            }

            running.Add(PostAsync(due));
        }

        await Task.WhenAll(running);
    }

    /// <summary>Of those due in this time: how many there were, how many were acknowledged, and how late 99 of 100 of these were.</summary>
    public (int Offered, int Acknowledged, TimeSpan P99) Between(TimeSpan from, TimeSpan until)
    {
        Post[] due = [.. posts.Where(post => post.Due >= from && post.Due < until)];
        TimeSpan[] waits = [.. due.Where(post => post.Status == HttpStatusCode.OK).Select(post => post.Answered - post.Due).Order()];
        return (due.Length, waits.Length, waits.Length == 0 ? TimeSpan.MaxValue : waits[(waits.Length - 1) * 99 / 100]);
    }

    private async Task PostAsync(TimeSpan due)
    {
        HttpStatusCode? status = await poster.PostNextAsync();
        posts.Enqueue(new Post(due, Now, status));
    }
}
