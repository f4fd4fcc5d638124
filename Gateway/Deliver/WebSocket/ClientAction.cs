namespace Gateway.Deliver.WebSocket;

internal enum ActionKind
{
    /// <summary>Answered with the action's <see cref="ClientAction.Error"/>.</summary>
    Invalid,
    Auth,
    Subscribe,
    Unsubscribe,
    Ping,
}

/// <summary>One text message of the client, read. Only the members of its kind are set.</summary>
internal sealed record ClientAction(ActionKind Kind)
{
    public static readonly ClientAction Ping = new(ActionKind.Ping);

    public string? Token { get; init; }
    public SubscriptionRequest? Request { get; init; }

    /// <summary>What to unsubscribe: by id, or (null id) by chat.</summary>
    public string? Id { get; init; }
    public ChatReference Chat { get; init; }

    public RequestError? Error { get; init; }

    public static ClientAction Refuse(string code, string message) => new(ActionKind.Invalid) { Error = new RequestError(code, message) };
}
