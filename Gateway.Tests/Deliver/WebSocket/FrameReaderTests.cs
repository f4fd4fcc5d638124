using System.Buffers;
using System.Text;
using Gateway.Deliver;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

public class FrameReaderTests
{
    private const int MaxMessageBytes = 1000;
    private readonly FrameReader reader = new(MaxMessageBytes);

    private FrameStatus Read(byte[] bytes, out long left)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        var status = reader.Read(ref buffer);
        left = buffer.Length;
        return status;
    }

    private void AssertFails(CloseCode code, params byte[] bytes)
    {
        Assert.Equal(FrameStatus.Failed, Read(bytes, out _));
        Assert.Equal(code, reader.Error);
    }

    [Fact]
    public void Text_Whole_IsUnmasked()
    {
        Assert.Equal(FrameStatus.Text, Read([.. ClientFrames.Text("héllo"), 0x81], out var left));
        Assert.Equal("héllo", Encoding.UTF8.GetString(reader.Payload));
        Assert.Equal(1, left);
    }

    [Fact]
    public void Text_RfcExample_IsHello()
    {
        Assert.Equal(FrameStatus.Text, Read([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], out _));
        Assert.Equal("Hello", Encoding.UTF8.GetString(reader.Payload));
    }

    [Fact]
    public void Text_InFragmentsAroundAPing_IsOneMessageAndOnePing()
    {
        byte[] snowman = [0xE2, 0x98, 0x83];
        Assert.Equal(FrameStatus.Fragment, Read(ClientFrames.Frame(Opcode.Text, snowman.AsSpan(0, 2), isFinal: false), out _));
        Assert.Equal(FrameStatus.Ping, Read(ClientFrames.Frame(Opcode.Ping, "p"u8), out _));
        Assert.Equal("p"u8.ToArray(), reader.Payload.ToArray());
        Assert.Equal(FrameStatus.Fragment, Read(ClientFrames.Frame(Opcode.Continuation, [], isFinal: false), out _));
        Assert.Equal(FrameStatus.Text, Read(ClientFrames.Frame(Opcode.Continuation, snowman.AsSpan(2)), out _));
        Assert.Equal("☃", Encoding.UTF8.GetString(reader.Payload));
    }

    [Fact]
    public void Text_NotUtf8_Fails1007() => AssertFails(CloseCode.InvalidPayload, ClientFrames.Frame(Opcode.Text, [0xC0, 0x80]));

    [Fact]
    public void Text_AtTheLimit_Passes() =>
        Assert.Equal(FrameStatus.Text, Read(ClientFrames.Frame(Opcode.Text, new byte[MaxMessageBytes]), out _));

    [Fact]
    public void Text_OverTheLimit_Fails1009BeforeItsPayloadCame() =>
        AssertFails(CloseCode.MessageTooBig, ClientFrames.Frame(Opcode.Text, new byte[MaxMessageBytes + 1])[..4]);

    [Fact]
    public void Fragments_OverTheLimitTogether_Fail1009()
    {
        Assert.Equal(FrameStatus.Fragment, Read(ClientFrames.Frame(Opcode.Text, new byte[600], isFinal: false), out _));
        AssertFails(CloseCode.MessageTooBig, ClientFrames.Frame(Opcode.Continuation, new byte[401]));
    }

    [Fact]
    public void Length_OfSixtyThreeBits_Fails1009() =>
        AssertFails(CloseCode.MessageTooBig, 0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);

    [Fact]
    public void Length_WithItsTopBit_Fails1002() =>
        AssertFails(CloseCode.ProtocolError, 0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1);

    [Fact]
    public void Length_NotInShortestForm_Fails1002() => AssertFails(CloseCode.ProtocolError, 0x81, 0xFE, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0);

    [Fact]
    public void Frame_WithoutMask_Fails1002() =>
        AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Text, "a"u8, isMasked: false));

    [Theory]
    [InlineData(0x40)]
    [InlineData(0x20)]
    [InlineData(0x10)]
    public void Frame_WithAReservedBit_Fails1002(byte bit) =>
        AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Text, "a"u8, reserved: bit));

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(15)]
    public void Opcode_Unknown_Fails1002(byte opcode) => AssertFails(CloseCode.ProtocolError, ClientFrames.Frame((Opcode)opcode, "a"u8));

    [Fact]
    public void Binary_Fails1003() => AssertFails(CloseCode.UnsupportedData, ClientFrames.Frame(Opcode.Binary, "a"u8));

    [Fact]
    public void Continuation_WithoutStart_Fails1002() => AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Continuation, "a"u8));

    [Fact]
    public void Text_InsideAFragmentedMessage_Fails1002()
    {
        Assert.Equal(FrameStatus.Fragment, Read(ClientFrames.Frame(Opcode.Text, "a"u8, isFinal: false), out _));
        AssertFails(CloseCode.ProtocolError, ClientFrames.Text("b"));
    }

    [Fact]
    public void Control_Fragmented_Fails1002() => AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Ping, "a"u8, isFinal: false));

    [Fact]
    public void Control_Over125Bytes_Fails1002() => AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Ping, new byte[126]));

    [Theory]
    [InlineData(1000)]
    [InlineData(1011)]
    [InlineData(3000)]
    [InlineData(4999)]
    public void Close_WithACodeThatMayTravel_IsClose(int code)
    {
        Assert.Equal(FrameStatus.Close, Read(ClientFrames.Close(code, "bye"), out _));
        Assert.Equal(code, reader.PeerCode);
    }

    [Fact]
    public void Close_Empty_HasCode1005()
    {
        Assert.Equal(FrameStatus.Close, Read(ClientFrames.Frame(Opcode.Close, []), out _));
        Assert.Equal(1005, reader.PeerCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1005)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(2999)]
    [InlineData(5000)]
    public void Close_WithACodeThatMustNotTravel_Fails1002(int code) => AssertFails(CloseCode.ProtocolError, ClientFrames.Close(code));

    [Fact]
    public void Close_OfOneByte_Fails1002() => AssertFails(CloseCode.ProtocolError, ClientFrames.Frame(Opcode.Close, [3]));

    [Fact]
    public void Close_WithReasonNotUtf8_Fails1007() => AssertFails(CloseCode.InvalidPayload, ClientFrames.Frame(Opcode.Close, [3, 0xE8, 0xFF]));
}
