using Gateway.Access;

namespace Gateway.Cli;

/// <summary>The words for what went wrong with a user.</summary>
internal static class UserProblem
{
    public static string TextOf(UserOutcome outcome, string name) => outcome.Status switch
    {
        UserStatus.NameTaken => $"there is a user {name} already",
        UserStatus.InvalidPassword => $"the password {outcome.Detail}",
        UserStatus.UnknownRole => $"there is no role {outcome.Detail}; there are admin, operator and viewer",
        UserStatus.LastAdmin => $"{name} is the last administrator; make another one first",
        _ => $"there is no user {name}",
    };
}
