using System.Net.WebSockets;
using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>One WebSocket with the subscription in its URL.</summary>
internal sealed class WebSocketConsumer(string address, string key, string selector) : StreamConsumer("WebSocket", address, key, selector)
{
    private const int BufferBytes = 256 * 1024;

    private TaskCompletionSource reading = Finished();

    private bool isRefused;

    public void PauseReading() => reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ResumeReading() => reading.SetResult();

    /// <summary>The code of the last close frame of the server.</summary>
    public int? CloseCode { get; private set; }

    protected override async Task ConnectAsync(CancellationToken cancellation)
    {
        using ClientWebSocket socket = new();
        socket.Options.SetRequestHeader(Credential.Name, Credential.Value);
        using HttpMessageInvoker invoker = new(CreateHandler());
        await socket.ConnectAsync(new Uri($"{Address.Replace("http", "ws", StringComparison.Ordinal)}/api/v1/ws?{Selector}&include=update&{StartQuery}"), invoker, cancellation);
        Journal.Connected();
        string logId = Journal.Position?.LogId ?? "";
        byte[] buffer = new byte[BufferBytes];
        int filled = 0;
        isRefused = false;
        while (true)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            await reading.Task;
            ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellation);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                CloseCode = (int?)socket.CloseStatus;
                if (isRefused && CloseCode is not (>= 4100 and < 4200))
                {
                    Journal.Violate($"told to come again, and closed with {CloseCode}");
                }

                return;
            }

            filled += result.Count;
            if (result.EndOfMessage)
            {
                OnMessage(buffer.AsSpan(0, filled), ref logId);
                filled = 0;
            }
        }
    }

    private static TaskCompletionSource Finished()
    {
        TaskCompletionSource finished = new();
        finished.SetResult();
        return finished;
    }

    private void OnMessage(ReadOnlySpan<byte> json, ref string logId)
    {
        if (!json.StartsWith("{\"action\""u8))
        {
            Record(logId, json);
            return;
        }

        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        JsonElement message = document.RootElement;
        switch (message.GetProperty("action").GetString())
        {
            case "subscribed":
                logId = message.GetProperty("log_id").GetString()!;
                break;
            case "gap":
                Journal.RecordGap(Text(json));
                logId = message.TryGetProperty("log_id", out JsonElement log) ? log.GetString()! : logId;
                break;
            case "position":
                Journal.MoveTo(logId, message.GetProperty("seq").GetInt64());
                break;
            case "access":
                Journal.RecordAccess(Text(json));
                break;
            case "caught_up" or "pong":
                break;
            case "error" when message.GetProperty("code").GetString() == "UNAVAILABLE":
                // Before a starting gateway has found the head of the log, and while the log gets a new identity: come again.
                isRefused = true;
                break;
            default:
                Journal.Violate(Text(json));
                break;
        }
    }
}
