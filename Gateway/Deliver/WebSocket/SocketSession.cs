using Gateway.Access;
using Gateway.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Deliver.WebSocket;

/// <summary>
/// One WebSocket after its handshake: reads what the client sends and answers it. Everything is done by one loop that waits for the
/// client's bytes; the wheel and the outlet wake it by cancelling that wait, so there is nothing to lock and an idle socket holds
/// one pending read. Events do not pass through here: the shard writes them to the outlet.
/// </summary>
/// <param name="place">Where the socket is counted already; its key's when there is a principal. The endpoint gives it back.</param>
/// <param name="principal">Null: the client must send <c>auth</c> first.</param>
/// <param name="first">The query's subscription, started as soon as it is known who asks.</param>
internal sealed partial class SocketSession(
    SocketServices services, FrameOutlet outlet, SocketPlace place, Principal? principal, SubscriptionRequest? first)
{
    private readonly FrameReader frames = new(Limits.WebSocket.MessageBytes);
    private TokenBucket actions = new(Limits.WebSocket.ActionBurst, Limits.WebSocket.ActionsPerSecond, services.NowMs);
    private TokenBucket strikes = new(Limits.WebSocket.Strikes, Limits.WebSocket.StrikesForgottenPerSecond, services.NowMs);
    private Connection? connection;

    /// <summary>The peer has said close, or something after which its bytes mean nothing: they are read and dropped.</summary>
    private bool isDeaf;
    private bool peerHasClosed;

    /// <summary>Serves the socket until either side ends it. Never throws.</summary>
    /// <param name="refusal">The upgrade was accepted only to tell a browser why not: it cannot see the status of a refused one.</param>
    public async Task RunAsync(CredentialRefusal? refusal)
    {
        try
        {
            await BeginAsync(refusal);
            // Here and not in a method of its own: an idle socket keeps the state machine of every method it waits in.
            while (true)
            {
                var read = await outlet.Input.ReadAsync();
                var buffer = read.Buffer;
                FrameStatus status;
                while (!isDeaf && (status = frames.Read(ref buffer)) != FrameStatus.NeedMore)
                {
                    isPeerAlive = true;
                    await HandleAsync(status);
                }
                outlet.Input.AdvanceTo(isDeaf ? buffer.End : buffer.Start, buffer.End);
                if (read.IsCompleted || HasEnded || (read.IsCanceled && await WakeAsync()))
                {
                    break;
                }
            }
        }
        catch (Exception failure) when (FrameOutlet.IsPeerGone(failure))
        {
            SocketLog.PeerGone(services.Logger, place.Id);
        }
        catch (Exception failure)
        {
            SocketLog.SessionFailed(services.Logger, failure, place.Id);
            outlet.Abort();
        }
        await EndAsync();
    }

    /// <summary>Both sides have said close, and the gateway's has left.</summary>
    private bool HasEnded => peerHasClosed && outlet.HasEnded;

    private ValueTask BeginAsync(CredentialRefusal? refusal)
    {
        if (principal is not null)
        {
            return OpenAsync(principal);
        }
        services.Wheel.Schedule(this, Limits.WebSocket.AuthWait);
        if (refusal is not null)
        {
            outlet.Close(refusal.CloseCode);
        }
        return default;
    }

    private ValueTask HandleAsync(FrameStatus status)
    {
        switch (status)
        {
            case FrameStatus.Close:
                isDeaf = true;
                peerHasClosed = true;
                Close(CloseCode.Normal);
                return default;
            case FrameStatus.Failed:
                isDeaf = true;
                Close(frames.Error);
                return default;
        }
        if (outlet.IsClosing)
        {
            return default;
        }
        if (!actions.TryTake(services.NowMs))
        {
            // Control frames and fragments over the rate are not answered: that alone is what would cost something.
            return status == FrameStatus.Text ? RefuseAsync(TooFast) : Strike();
        }
        return status switch
        {
            FrameStatus.Text when connection is { } open && services.Limiter.Take(open.Principal) is { IsAllowed: false } over => RefuseAsync(over),
            FrameStatus.Text => ActAsync(ActionReader.Read(frames.Payload)),
            FrameStatus.Ping => WriteAsync(SocketReplies.Pong(frames.Payload)),
            _ => default,
        };
    }

    private static readonly RequestError TooFast =
        new("RATE_LIMITED", $"At most {Limits.WebSocket.ActionsPerSecond} messages a second; this one was not done.") { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <summary>No strike: the principal may have spent its budget elsewhere. Who floods this socket meets the socket's own bound.</summary>
    private ValueTask RefuseAsync(in RateDecision over) => WriteAsync(services.Framing.Error(
        new RequestError("RATE_LIMITED", "Too many calls, those of other connections and of REST included; this one was not done.") { RetryAfter = over.RetryAfter }));

    /// <summary>Answers an error; the connection stays open, but not for one who does nothing else.</summary>
    private async ValueTask RefuseAsync(RequestError error)
    {
        await WriteAsync(services.Framing.Error(error));
        await Strike();
    }

    private ValueTask Strike()
    {
        if (!strikes.TryTake(services.NowMs))
        {
            isDeaf = true;
            Close(CloseCode.ProtocolAbuse);
        }
        return default;
    }

    /// <summary>Through the shard, in order with the events; before there is a connection the session is the outlet's only user.</summary>
    private ValueTask WriteAsync(byte[] frame)
    {
        if (connection is not null)
        {
            return connection.WriteControlAsync(frame);
        }
        if (outlet.Send(frame) != SendStatus.Sent)
        {
            // Not even known, and does not read what it is told.
            outlet.Abort();
        }
        return default;
    }

    private void Close(CloseCode code)
    {
        if (outlet.IsClosing)
        {
            return;
        }
        if (connection is not null)
        {
            _ = connection.CloseAsync(code);
        }
        else
        {
            outlet.Close(code);
        }
    }

    private async ValueTask EndAsync()
    {
        services.Wheel.Remove(this);
        frames.Release();
        connection?.OnGone();
        await outlet.EndAsync();
        if (outlet.Failure is { } failure)
        {
            SocketLog.SessionFailed(services.Logger, failure, place.Id);
        }
    }
}
