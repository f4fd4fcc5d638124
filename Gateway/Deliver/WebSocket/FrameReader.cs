using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Gateway.Deliver.WebSocket;

internal enum FrameStatus
{
    /// <summary>The buffer holds no whole frame yet; what it holds must be given again with more behind it.</summary>
    NeedMore,

    /// <summary>A frame in the middle of a fragmented message was taken in; there is nothing to handle.</summary>
    Fragment,

    /// <summary>A whole text message.</summary>
    Text,
    Ping,
    Pong,

    /// <summary>The peer's close frame; nothing may be read after it.</summary>
    Close,

    /// <summary>The peer broke the protocol: close with <see cref="FrameReader.Error"/>; nothing may be read after it.</summary>
    Failed,
}

/// <summary>
/// RFC 6455 section 5, the client's half: masked frames, fragments, control frames between fragments. A frame is decoded when it
/// is wholly in the buffer, so the reader itself holds memory only inside a message, never on an idle socket; the length in the
/// header is checked before the payload is waited for, so that no peer makes the pipe grow beyond the limit.
/// </summary>
internal sealed class FrameReader(int maxMessageBytes)
{
    /// <summary>RFC 6455 section 5.5.</summary>
    public const int MaxControlPayloadBytes = 125;

    private byte[]? message;
    private int messageBytes;
    private byte[]? control;
    private bool isInMessage;

    /// <summary>Why the last answer was <see cref="FrameStatus.Failed"/>.</summary>
    public CloseCode Error { get; private set; }

    /// <summary>The peer's code after <see cref="FrameStatus.Close"/>; 1005 when it named none (RFC 6455 section 7.4.1).</summary>
    public int PeerCode { get; private set; }

    /// <summary>The payload of the last text, ping, pong or close, unmasked. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Payload => payloadIsControl ? control.AsSpan(0, controlBytes) : message.AsSpan(0, messageBytes);

    private bool payloadIsControl;
    private int controlBytes;

    /// <summary>Takes one frame off the front of the buffer.</summary>
    public FrameStatus Read(ref ReadOnlySequence<byte> buffer)
    {
        ReleaseHandled();
        var status = FrameHeader.TryParse(buffer, out var header);
        if (status != HeaderStatus.Complete)
        {
            return status == HeaderStatus.NeedMore ? FrameStatus.NeedMore : Fail(CloseCode.ProtocolError);
        }
        if (!IsAllowed(header, out var error))
        {
            return Fail(error);
        }
        if (buffer.Length < header.HeaderBytes + header.PayloadBytes)
        {
            return FrameStatus.NeedMore;
        }
        var payload = buffer.Slice(header.HeaderBytes, header.PayloadBytes);
        var answer = header.IsControl ? TakeControl(header, payload) : TakeData(header, payload);
        buffer = buffer.Slice(payload.End);
        return answer;
    }

    /// <summary>Gives back what an unfinished message holds. The reader is not used afterwards.</summary>
    public void Release()
    {
        isInMessage = false;
        ReleaseHandled();
    }

    private bool IsAllowed(in FrameHeader header, out CloseCode error)
    {
        error = CloseCode.ProtocolError;
        if (header.IsControl)
        {
            return header.IsFinal && header.PayloadBytes <= MaxControlPayloadBytes && header.Opcode <= Opcode.Pong;
        }
        if (header.Opcode > Opcode.Binary || header.Opcode == Opcode.Continuation != isInMessage)
        {
            return false;
        }
        if (header.Opcode == Opcode.Binary)
        {
            error = CloseCode.UnsupportedData;
            return false;
        }
        error = CloseCode.MessageTooBig;
        return header.PayloadBytes <= maxMessageBytes - messageBytes;
    }

    private FrameStatus TakeControl(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        controlBytes = (int)header.PayloadBytes;
        control = ArrayPool<byte>.Shared.Rent(MaxControlPayloadBytes);
        payloadIsControl = true;
        payload.CopyTo(control);
        FrameMask.Apply(control.AsSpan(0, controlBytes), header.Mask);
        return header.Opcode switch
        {
            Opcode.Ping => FrameStatus.Ping,
            Opcode.Pong => FrameStatus.Pong,
            _ => TakeClose(control.AsSpan(0, controlBytes)),
        };
    }

    private FrameStatus TakeClose(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            PeerCode = 1005;
            return FrameStatus.Close;
        }
        if (payload.Length == 1)
        {
            return Fail(CloseCode.ProtocolError);
        }
        PeerCode = BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!MayBeSent(PeerCode))
        {
            return Fail(CloseCode.ProtocolError);
        }
        return Utf8.IsValid(payload[2..]) ? FrameStatus.Close : Fail(CloseCode.InvalidPayload);
    }

    /// <summary>RFC 6455 section 7.4 and the IANA registry: 1004–1006 and 1015 never travel.</summary>
    private static bool MayBeSent(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);

    private FrameStatus TakeData(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        var length = (int)header.PayloadBytes;
        Reserve(length);
        var target = message.AsSpan(messageBytes, length);
        payload.CopyTo(target);
        FrameMask.Apply(target, header.Mask);
        messageBytes += length;
        isInMessage = !header.IsFinal;
        if (isInMessage)
        {
            return FrameStatus.Fragment;
        }
        return Utf8.IsValid(message.AsSpan(0, messageBytes)) ? FrameStatus.Text : Fail(CloseCode.InvalidPayload);
    }

    private void Reserve(int length)
    {
        if (message is not null && message.Length - messageBytes >= length)
        {
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(messageBytes + length, 1));
        message.AsSpan(0, messageBytes).CopyTo(larger);
        if (message is not null)
        {
            ArrayPool<byte>.Shared.Return(message);
        }
        message = larger;
    }

    /// <summary>The payload handed out by the last call goes back to the pool, unless its message goes on.</summary>
    private void ReleaseHandled()
    {
        payloadIsControl = false;
        if (control is not null)
        {
            ArrayPool<byte>.Shared.Return(control);
            control = null;
        }
        if (message is not null && !isInMessage)
        {
            ArrayPool<byte>.Shared.Return(message);
            message = null;
            messageBytes = 0;
        }
    }

    private FrameStatus Fail(CloseCode code)
    {
        Error = code;
        return FrameStatus.Failed;
    }
}
