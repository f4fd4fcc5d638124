using System.Buffers;
using CsCheck;
using Gateway.Deliver.WebSocket;

namespace Gateway.Tests.Deliver.WebSocket;

public class FrameProperties
{
    private const int MaxMessageBytes = 70_000;

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.Char['\u0000', '\uD7FF'], 0, 300],
        Gen.Int[65_500, 65_600].Select(length => new string('x', length)));

    /// <summary>A message as any number of fragments, and perhaps a ping before each of them.</summary>
    private static readonly Gen<(string Text, byte[] Bytes, int Pings)> Messages = Gen.Select(Texts, Gen.Int[1, 400].Array[0, 5], Gen.Bool)
        .Select(x => Fragment(x.Item1, x.Item2, x.Item3));

    private static (string, byte[], int) Fragment(string text, int[] lengths, bool withPings)
    {
        var payload = System.Text.Encoding.UTF8.GetBytes(text);
        var bytes = new List<byte>();
        var at = 0;
        var pings = 0;
        for (var i = 0; i <= lengths.Length; i++)
        {
            var isLast = i == lengths.Length;
            var length = isLast ? payload.Length - at : Math.Min(lengths[i], payload.Length - at);
            if (withPings)
            {
                bytes.AddRange(ClientFrames.Frame(Opcode.Ping, "beat"u8));
                pings++;
            }
            bytes.AddRange(ClientFrames.Frame(i == 0 ? Opcode.Text : Opcode.Continuation, payload.AsSpan(at, length), isLast));
            at += length;
        }
        return (text, bytes.ToArray(), pings);
    }

    [Fact]
    public void Messages_CutAnywhere_ComeOutAsTheyWentIn() =>
        Gen.Select(Messages.Array[1, 4], Gen.Int[1, 3000].Array[1, 8]).Sample((messages, cuts) =>
        {
            var texts = new List<string>();
            var pings = 0;
            Feed(messages.SelectMany(message => message.Bytes).ToArray(), cuts, (status, payload) =>
            {
                if (status == FrameStatus.Text)
                {
                    texts.Add(System.Text.Encoding.UTF8.GetString(payload));
                }
                pings += status == FrameStatus.Ping ? 1 : 0;
                Assert.NotEqual(FrameStatus.Failed, status);
            });
            Assert.Equal(messages.Select(message => message.Text), texts);
            Assert.Equal(messages.Sum(message => message.Pings), pings);
        }, iter: 300);

    [Fact]
    public void Garbage_CutAnywhere_EndsInAnAnswer() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[1, 50].Array[1, 4]).Sample((bytes, cuts) => Feed(bytes, cuts, static (_, _) => { }), iter: 20_000);

    [Fact]
    public void NearlyRightFrames_WithOneByteChanged_EndInAnAnswer() =>
        Gen.Select(Messages, Gen.Int[0, 70_000], Gen.Byte, Gen.Int[1, 3000].Array[1, 4]).Sample((message, at, value, cuts) =>
        {
            message.Bytes[at % message.Bytes.Length] = value;
            Feed(message.Bytes, cuts, static (_, _) => { });
        }, iter: 1000);

    [Fact]
    public void ServerHeader_OfAnyLength_NamesIt() =>
        Gen.Int[0, 200_000].Sample(length =>
        {
            var header = new byte[FrameWriter.MaxHeaderBytes];
            var written = FrameWriter.WriteHeader(header, Opcode.Text, length);
            Assert.Equal(FrameWriter.HeaderBytes(length), written);
            // Read back by the client's rules: with the mask bit and an empty mask behind it, it is a client's header.
            header[1] |= 0x80;
            var buffer = new ReadOnlySequence<byte>([.. header.AsSpan(0, written), 0, 0, 0, 0]);
            Assert.Equal(HeaderStatus.Complete, FrameHeader.TryParse(buffer, out var parsed));
            Assert.Equal(length, parsed.PayloadBytes);
            Assert.Equal(written + 4, parsed.HeaderBytes);
        });

    [Fact]
    public void Mask_AppliedTwice_ChangesNothing() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.UInt).Sample((bytes, mask) =>
        {
            var copy = bytes.ToArray();
            FrameMask.Apply(copy, mask);
            for (var i = 0; i < bytes.Length; i++)
            {
                Assert.Equal(bytes[i] ^ (byte)(mask >> (i % 4 * 8)), copy[i]);
            }
            FrameMask.Apply(copy, mask);
            Assert.Equal(bytes, copy);
        });

    private delegate void OnFrame(FrameStatus status, ReadOnlySpan<byte> payload);

    /// <summary>As a pipe does: what was not consumed comes again, with more behind it.</summary>
    private static void Feed(byte[] bytes, int[] cuts, OnFrame onFrame)
    {
        var reader = new FrameReader(MaxMessageBytes);
        var start = 0;
        var end = 0;
        // A long message is not cut into more than a few hundred pieces: every piece means reading all that is there again.
        cuts = Array.ConvertAll(cuts, cut => Math.Max(cut, bytes.Length / 300));
        for (var i = 0; end < bytes.Length; i++)
        {
            end = Math.Min(bytes.Length, end + cuts[i % cuts.Length]);
            while (true)
            {
                var buffer = ClientFrames.Cut(bytes[start..end], cuts);
                var status = reader.Read(ref buffer);
                if (status == FrameStatus.NeedMore)
                {
                    break;
                }
                onFrame(status, status == FrameStatus.Failed ? default : reader.Payload);
                if (status is FrameStatus.Failed or FrameStatus.Close)
                {
                    reader.Release();
                    return;
                }
                start = end - (int)buffer.Length;
            }
        }
        reader.Release();
    }
}
