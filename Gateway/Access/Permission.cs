namespace Gateway.Access;

/// <summary>
/// What a call may need, whoever makes it: a user has those of its roles, an API key those it has as scopes. Which chats it then works on is a
/// second question, see <see cref="Grants"/>. The names are in <see cref="PermissionNames"/>; the tables of the database know them by name.
/// </summary>
[Flags]
internal enum Permission : uint
{
    None = 0,
    BotsRead = 1 << 0,
    BotsWrite = 1 << 1,
    ChatsRead = 1 << 2,
    ChatsWrite = 1 << 3,
    PermissionsRead = 1 << 4,
    PermissionsWrite = 1 << 5,
    MessagesRead = 1 << 6,
    MessagesSend = 1 << 7,
    EventsRead = 1 << 8,
    UsersRead = 1 << 9,
    UsersWrite = 1 << 10,
    ApiKeysRead = 1 << 11,
    ApiKeysWrite = 1 << 12,
    AuditRead = 1 << 13,
    MetricsRead = 1 << 14,
    All = (1 << 15) - 1,

    /// <summary>Of a key that was made without scopes: what rights on chats can be used for.</summary>
    KeyDefault = BotsRead | ChatsRead | MessagesRead | MessagesSend | EventsRead,
}
