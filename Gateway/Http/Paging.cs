using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Messages;

namespace Gateway.Http;

/// <summary>A page of a small list (design section 8): <c>offset</c> and <c>limit</c>.</summary>
internal readonly record struct OffsetPage(int Offset, int Limit)
{
    /// <summary>What a handler names in its <see cref="QueryReader"/>.</summary>
    public static readonly string[] Names = ["offset", "limit"];

    public static readonly DocumentedParameter[] Document =
    [
        new("offset", JsonKind.Integer, "How many to pass over; 0 if absent."),
        new("limit", JsonKind.Integer, $"How many to answer: 1 to {Limits.Http.PageThings}; {Limits.Http.PageDefaultThings} if absent."),
    ];

    public static OffsetPage Read(in QueryValues query, ValidationErrors errors)
    {
        if (!query.TryGetLong("offset", out var offset) || offset is < 0 or > int.MaxValue) errors.Add("offset", "must be an integer from 0");
        return new((int)(offset is > 0 and <= int.MaxValue ? offset : 0), Paging.ReadLimit(query, errors));
    }

    /// <summary>Closes an answer's object: <c>"total","offset","limit"</c>.</summary>
    public void Write(Utf8JsonWriter json, long total)
    {
        json.WriteNumber("total", total);
        json.WriteNumber("offset", Offset);
        json.WriteNumber("limit", Limit);
    }
}

/// <summary>A page of a long list, newest first: everything below a number that only this gateway reads out of the cursor.</summary>
/// <param name="Before">The page's things have smaller ids; <see cref="long.MaxValue"/>: the first page.</param>
internal readonly record struct CursorPage(long Before, int Limit)
{
    public static readonly string[] Names = ["cursor", "limit"];

    public static readonly DocumentedParameter[] Document =
    [
        new("cursor", JsonKind.String, "The next_cursor of the page before; absent: the newest."),
        new("limit", JsonKind.Integer, $"How many to answer: 1 to {Limits.Http.PageThings}; {Limits.Http.PageDefaultThings} if absent."),
    ];

    public static CursorPage Read(in QueryValues query, ValidationErrors errors)
    {
        var before = long.MaxValue;
        if (query["cursor"] is { } cursor && !TryDecode(cursor, out before)) errors.Add("cursor", "is none that this gateway gave");
        return new(before, Paging.ReadLimit(query, errors));
    }

    /// <summary>Closes an answer's object: <c>"has_more","next_cursor"</c>.</summary>
    /// <param name="last">The id of the page's last thing.</param>
    public static void Write(Utf8JsonWriter json, bool hasMore, long last)
    {
        json.WriteBoolean("has_more", hasMore);
        if (hasMore) json.WriteString("next_cursor", Encode(last));
        else json.WriteNull("next_cursor");
    }

    public static string Encode(long last)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        Write(bytes, last);
        return Base64Url.EncodeToString(bytes);
    }

    private const int CheckBytes = 4, CursorBytes = sizeof(long) + CheckBytes, CursorCharacters = CursorBytes * 4 / 3;

    // The number and the beginning of its hash: not a secret, but a cursor that was cut or made up is told from one that was given.
    private static void Write(Span<byte> cursor, long last)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(cursor, last);
        SHA256.HashData(cursor[..sizeof(long)], hash);
        hash[..CheckBytes].CopyTo(cursor[sizeof(long)..]);
    }

    private static bool TryDecode(string cursor, out long last)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        Span<byte> given = stackalloc byte[CursorBytes];
        last = long.MaxValue;
        if (cursor.Length != CursorCharacters || !Base64Url.IsValid(cursor) || !Base64Url.TryDecodeFromChars(cursor, bytes, out var written) || written != CursorBytes) return false;
        last = BinaryPrimitives.ReadInt64BigEndian(bytes);
        Write(given, last);
        return last > 0 && bytes.SequenceEqual(given);
    }
}

internal static class Paging
{
    public static int ReadLimit(in QueryValues query, ValidationErrors errors)
    {
        if (query.TryGetLong("limit", out var limit) && limit is null or (>= 1 and <= Limits.Http.PageThings)) return (int)(limit ?? Limits.Http.PageDefaultThings);
        errors.Add("limit", $"must be an integer from 1 to {Limits.Http.PageThings}");
        return Limits.Http.PageDefaultThings;
    }
}
