using System.Text.Json;

namespace Gateway.Messages.Parsing;

internal ref partial struct UpdateScan
{
    private static readonly NameTable FileFields =
        new(["file_id", "file_unique_id", "file_name", "mime_type", "file_size", "width", "height"]);

    private static readonly NameTable PaidMediaInfoFields = new(["paid_media"]);
    private static readonly NameTable PaidMediumFields = new(["photo", "video", "live_photo"]);

    /// <summary>Reads a file into the facts; the caller sees to it that only a better content field replaces one. Answers whether the field says anything.</summary>
    private bool ReadFile(FileShape shape)
    {
        switch (shape)
        {
            case FileShape.Sizes when json.TokenType == JsonTokenType.StartArray:
                return ReadSizes();
            case FileShape.File when json.TokenType == JsonTokenType.StartObject:
                ClearFile();
                ReadFileObject();
                return true;
            case FileShape.PaidMedia when json.TokenType == JsonTokenType.StartObject:
                ClearFile();
                ReadPaidMedia();
                return true;
            default:
                json.Skip();
                return false;
        }
    }

    private void ClearFile() =>
        (Facts.FileId, Facts.FileUniqueId, Facts.FileName, Facts.FileMime, Facts.FileSizeBytes) = (default, default, default, default, null);

    /// <summary>Answers the picture's area, where it has one.</summary>
    private long ReadFileObject()
    {
        long? width = null;
        long? height = null;
        while (NextField(FileFields, out var field))
        {
            switch (field)
            {
                case 0: ReadString(ref Facts.FileId); break;
                case 1: ReadString(ref Facts.FileUniqueId); break;
                case 2: ReadString(ref Facts.FileName); break;
                case 3: ReadString(ref Facts.FileMime); break;
                case 4: ReadLong(ref Facts.FileSizeBytes); break;
                case 5: ReadLong(ref width); break;
                case 6: ReadLong(ref height); break;
                default: json.Skip(); break;
            }
        }

        return width is >= 0 and <= int.MaxValue && height is >= 0 and <= int.MaxValue ? width.Value * height.Value : 0;
    }

    /// <summary>Keeps the size with the largest area; of equal ones the later, since Telegram sends the largest last.</summary>
    private bool ReadSizes()
    {
        var kept = (Area: -1L, Facts.FileId, Facts.FileUniqueId, Facts.FileSizeBytes);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (!Enter())
            {
                continue;
            }

            ClearFile();
            var area = ReadFileObject();
            if (area >= kept.Area)
            {
                kept = (area, Facts.FileId, Facts.FileUniqueId, Facts.FileSizeBytes);
            }
        }

        if (kept.Area < 0)
        {
            return false;
        }

        ClearFile();
        (_, Facts.FileId, Facts.FileUniqueId, Facts.FileSizeBytes) = kept;
        return true;
    }

    private void ReadPaidMedia()
    {
        while (NextField(PaidMediaInfoFields, out var field))
        {
            if (field != 0 || json.TokenType != JsonTokenType.StartArray)
            {
                json.Skip();
                continue;
            }

            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (Enter())
                {
                    ReadPaidMedium();
                }
            }
        }
    }

    private void ReadPaidMedium()
    {
        while (NextField(PaidMediumFields, out var field))
        {
            if (field >= 0 && !Facts.FileId.IsPresent)
            {
                ReadFile(field == 0 ? FileShape.Sizes : FileShape.File);
            }
            else
            {
                json.Skip();
            }
        }
    }
}
