using System.Buffers.Binary;
using System.Text;

namespace Gateway.Messages.Parsing;

/// <summary>
/// UTF-8 field names to their place in a list, without making strings: open addressing over a table four times as large as the
/// list, so that a miss (most fields of an update are not looked at) usually costs one hash and one look at an empty slot.
/// </summary>
internal sealed class NameTable
{
    private readonly byte[][] names;
    private readonly short[] slots;
    private readonly uint mask;

    public NameTable(IReadOnlyList<string> list)
    {
        names = new byte[list.Count][];
        slots = new short[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)list.Count * 4)];
        mask = (uint)slots.Length - 1;
        for (var index = 0; index < names.Length; index++)
        {
            names[index] = Encoding.UTF8.GetBytes(list[index]);
            var slot = Hash(names[index]) & mask;
            while (slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            slots[slot] = (short)(index + 1);
        }
    }

    /// <summary>The name's index in the list, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (var slot = Hash(name) & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var index = slots[slot] - 1;
            if (name.SequenceEqual(names[index]))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>Length and both ends tell Bot API names well apart (few share all three), and cost two loads whatever the length.</summary>
    private static uint Hash(ReadOnlySpan<byte> name)
    {
        var hash = (uint)name.Length;
        if (name.Length >= 4)
        {
            hash = (hash * 0x9E3779B1) ^ BinaryPrimitives.ReadUInt32LittleEndian(name);
            hash = (hash * 0x9E3779B1) ^ BinaryPrimitives.ReadUInt32LittleEndian(name[^4..]);
        }
        else
        {
            foreach (var unit in name)
            {
                hash = (hash * 0x9E3779B1) ^ unit;
            }
        }

        return (hash * 0x9E3779B1) >> 16;
    }
}
