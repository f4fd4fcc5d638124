namespace Gateway.Storage;

/// <summary>One change as the audit log keeps it, written in the transaction of the change itself.</summary>
/// <param name="Action">Like <c>bot.add</c>: the target's type and a verb.</param>
/// <param name="TargetType">Like <c>bot</c>.</param>
/// <param name="BeforeJson">The changed fields as they were, without secrets; null: nothing was there.</param>
/// <param name="AfterJson">The changed fields as they are, without secrets; null: nothing is there.</param>
internal readonly record struct AuditEntry(string Action, string TargetType, string TargetId, string? BeforeJson, string? AfterJson)
{
    public const string Done = "done";
    public const string Denied = "denied";
}
