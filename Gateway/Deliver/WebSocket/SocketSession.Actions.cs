using Gateway.Access;
using Gateway.Messages;

namespace Gateway.Deliver.WebSocket;

/// <summary>What each action does.</summary>
internal sealed partial class SocketSession
{
    private ValueTask ActAsync(ClientAction action) => action.Kind switch
    {
        ActionKind.Auth => AuthenticateAsync(action.Token!),
        ActionKind.Ping => WriteAsync(SocketReplies.ActionPong(services.Time.GetUtcNow())),
        ActionKind.Invalid => RefuseAsync(action.Error!),
        _ when connection is null => RefuseAsync(NotAuthenticated),
        ActionKind.Subscribe => SubscribeAsync(action.Request!),
        _ => UnsubscribeAsync(action),
    };

    private static readonly RequestError NotAuthenticated = new("UNAUTHENTICATED", "Send {\"action\":\"auth\",\"token\":\"…\"} first.");

    private async ValueTask AuthenticateAsync(string token)
    {
        var outcome = await services.Access.AuthenticateAsync(token, CancellationToken.None);
        var refusal = outcome.Principal is { } asking ? await CredentialRefusal.OfAsync(asking, services.Hub) : CredentialRefusal.Of(outcome.Status);
        if (refusal is not null)
        {
            services.NoteDenial(refusal, outcome.Principal, place.From, requestId: null);
            await RefuseAsync(refusal);
            return;
        }
        // A renewal was counted as an action of whom the socket belonged to.
        if (connection is null && services.Limiter.Take(outcome.Principal!) is { IsAllowed: false } over)
        {
            await RefuseAsync(over);
            return;
        }
        await (connection is null ? OpenByMessageAsync(outcome.Principal!) : RenewAsync(outcome.Principal!));
    }

    private ValueTask RefuseAsync(CredentialRefusal refusal)
    {
        if (connection is not null)
        {
            return RefuseAsync(new RequestError(refusal.Code, refusal.Message + " The credential before still holds."));
        }
        isDeaf = true;
        outlet.Close(refusal.CloseCode);
        return default;
    }

    private async ValueTask OpenByMessageAsync(Principal principal)
    {
        if (place.Enter(principal.Id) is var entered and not CensusStatus.Entered)
        {
            isDeaf = true;
            var who = entered == CensusStatus.KeyFull ? "This key" : "The gateway";
            await WriteAsync(services.Framing.Error(new RequestError("TOO_MANY_CONNECTIONS", $"{who} has too many open sockets.")));
            outlet.Close(CloseCode.CannotCheckNow);
            return;
        }
        await WriteAsync(SocketReplies.Authenticated);
        await OpenAsync(principal);
    }

    /// <summary>From here on the shard alone writes to the outlet.</summary>
    private async ValueTask OpenAsync(Principal principal)
    {
        var opened = services.Hub.Open(principal, services.Framing, outlet);
        outlet.Attach(opened);
        connection = opened;
        services.Wheel.Schedule(this, Limits.WebSocket.PingInterval);
        if (first is { } request)
        {
            first = null;
            await SubscribeFirstAsync(request);
        }
    }

    private async ValueTask RenewAsync(Principal principal)
    {
        if (place.Enter(principal.Id) != CensusStatus.Entered)
        {
            await RefuseAsync(new RequestError("TOO_MANY_CONNECTIONS", "That key has too many open sockets."));
            return;
        }
        // In this order, or what the new credential may read would be told before it is said to be taken.
        var told = WriteAsync(SocketReplies.Authenticated);
        connection!.Renew(principal);
        await told;
    }

    private async ValueTask SubscribeAsync(SubscriptionRequest request)
    {
        var outcome = await connection!.SubscribeAsync(request, CancellationToken.None);
        await connection.WaitForRoomAsync();
        if (outcome.Error is { } error && !IsClosing(error))
        {
            await RefuseAsync(error);
            services.NoteHidden(error, connection.Principal, place.From);
        }
    }

    /// <summary>The close frame with its code is the answer: an error before it would have the client take "resume" for a refusal.</summary>
    private static bool IsClosing(RequestError error) => error.Code == "CLOSED";

    /// <summary>A client that put its only wish in the URL may look at nothing else: when the wish is refused, so is the connection.</summary>
    private async ValueTask SubscribeFirstAsync(SubscriptionRequest request)
    {
        var outcome = await connection!.SubscribeAsync(request, CancellationToken.None);
        if (outcome.Error is { } error && !IsClosing(error))
        {
            await WriteAsync(services.Framing.Error(error));
            Close(error.Code == "UNAVAILABLE" ? CloseCode.CannotCheckNow : CloseCode.Forbidden);
            services.NoteHidden(error, connection.Principal, place.From);
        }
    }

    private async ValueTask UnsubscribeAsync(ClientAction action)
    {
        var outcome = await (action.Id is { } id ? connection!.UnsubscribeAsync(id) : connection!.UnsubscribeAsync(action.Chat));
        await connection.WaitForRoomAsync();
        if (outcome.Error is { } error && !IsClosing(error))
        {
            await RefuseAsync(error);
        }
    }
}
