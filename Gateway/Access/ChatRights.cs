namespace Gateway.Access;

/// <summary>What may be done in a chat, or in all chats of a bot.</summary>
[Flags]
internal enum ChatRights : byte
{
    None = 0,
    Read = 1,
    Send = 2,

    /// <summary>Change the chat and who may do what in it.</summary>
    Manage = 4,
    All = Read | Send | Manage,
}
