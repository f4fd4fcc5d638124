// The smoke test's WebSocket client, a file-based program because the SDK is the one tool that is surely there:
//   stream URL SECONDS [FIRST_FRAME]   prints each text frame as a line; ends by the server's close, the time limit, or a signal.
// The last line is "closed CODE" where the server closed, "refused STATUS" where it did not upgrade.
using System.Net.WebSockets;
using System.Text;

using CancellationTokenSource limit = new(TimeSpan.FromSeconds(int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture)));
using ClientWebSocket socket = new();
socket.Options.CollectHttpResponseDetails = true;
try
{
    await socket.ConnectAsync(new Uri(args[0]), limit.Token);
}
catch (WebSocketException) when (socket.HttpStatusCode != 0)
{
    Console.WriteLine($"refused {(int)socket.HttpStatusCode}");
    return 1;
}

if (args.Length > 2)
{
    await socket.SendAsync(Encoding.UTF8.GetBytes(args[2]), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
}

byte[] buffer = new byte[64 * 1024];
MemoryStream frame = new();
try
{
    while (true)
    {
        ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
        if (received.MessageType == WebSocketMessageType.Close)
        {
            Console.WriteLine($"closed {(int)socket.CloseStatus!}");
            return 0;
        }

        frame.Write(buffer, 0, received.Count);
        if (received.EndOfMessage)
        {
            Console.WriteLine(Encoding.UTF8.GetString(frame.GetBuffer(), 0, (int)frame.Length));
            Console.Out.Flush();
            frame.SetLength(0);
        }
    }
}
catch (OperationCanceledException)
{
    return 0;
}
catch (WebSocketException)
{
    Console.WriteLine("closed 1006");
    return 0;
}
