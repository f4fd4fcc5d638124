using System.Buffers;
using System.IO.Pipelines;
using Gateway.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

internal enum BodyStatus
{
    Ok,

    /// <summary>413; the rest was not read.</summary>
    TooLarge,

    /// <summary>408: slower than Limits.Http.BodyRateBytesPerSecond; the connection is closed.</summary>
    TooSlow,

    /// <summary>The sender went away, or its framing is broken: 400, if anyone still listens.</summary>
    Aborted,
}

/// <param name="Bytes">Set when Ok: an array of exactly the body's length, the caller's to keep.</param>
internal readonly record struct BodyOutcome(BodyStatus Status, byte[]? Bytes);

/// <summary>Reads a request's body whole, within a bound.</summary>
internal static class BodyReader
{
    private static readonly BodyOutcome TooLarge = new(BodyStatus.TooLarge, null);
    private static readonly BodyOutcome TooSlow = new(BodyStatus.TooSlow, null);
    private static readonly BodyOutcome Aborted = new(BodyStatus.Aborted, null);

    /// <summary>Completes at once and without allocating more than the array when the body is there already, as small ones are.</summary>
    public static async ValueTask<BodyOutcome> ReadAsync(HttpContext context, int maxBytes)
    {
        var length = context.Request.ContentLength;
        if (length > maxBytes)
        {
            LetTheServerDrain(context);
            return TooLarge;
        }

        try
        {
            return length is { } known
                ? await ReadKnownAsync(context.Request.BodyReader, (int)known, context.RequestAborted)
                : await ReadUnknownAsync(context.Request.BodyReader, maxBytes, context.RequestAborted);
        }
        catch (BadHttpRequestException refusal)
        {
            return refusal.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => TooLarge,
                StatusCodes.Status408RequestTimeout => TooSlow,
                _ => Aborted,
            };
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            return Aborted;
        }
    }

    /// <summary>
    /// Above its own bound the server resets the connection after our answer, and a reset can overtake the answer. Without the bound
    /// it reads on for five seconds at most, so a sender still busy with its body gets to see the 413.
    /// </summary>
    private static void LetTheServerDrain(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }
    }

    private static async ValueTask<BodyOutcome> ReadKnownAsync(PipeReader reader, int length, CancellationToken aborted)
    {
        // Nothing is reserved before the first bytes came: a header alone must not cost a megabyte.
        byte[]? body = null;
        for (var filled = 0; ;)
        {
            var result = await reader.ReadAsync(aborted);
            var arrived = result.Buffer;
            if (filled + arrived.Length > length)
            {
                return Aborted;
            }

            body ??= GC.AllocateUninitializedArray<byte>(length);
            arrived.CopyTo(body.AsSpan(filled));
            filled += (int)arrived.Length;
            reader.AdvanceTo(arrived.End);
            if (filled == length)
            {
                return new BodyOutcome(BodyStatus.Ok, body);
            }

            if (result.IsCompleted || result.IsCanceled)
            {
                return Aborted;
            }
        }
    }

    private static async ValueTask<BodyOutcome> ReadUnknownAsync(PipeReader reader, int maxBytes, CancellationToken aborted)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Limits.Http.FirstBodyBytes);
        try
        {
            for (var filled = 0; ;)
            {
                var result = await reader.ReadAsync(aborted);
                var arrived = result.Buffer;
                if (filled + arrived.Length > maxBytes)
                {
                    reader.AdvanceTo(arrived.End);
                    return TooLarge;
                }

                var needed = filled + (int)arrived.Length;
                if (needed > rented.Length)
                {
                    rented = Grow(rented, filled, needed);
                }

                arrived.CopyTo(rented.AsSpan(filled));
                filled = needed;
                reader.AdvanceTo(arrived.End);
                if (result.IsCompleted)
                {
                    return new BodyOutcome(BodyStatus.Ok, rented.AsSpan(0, filled).ToArray());
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static byte[] Grow(byte[] rented, int filled, int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, rented.Length * 2));
        rented.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(rented);
        return larger;
    }
}
