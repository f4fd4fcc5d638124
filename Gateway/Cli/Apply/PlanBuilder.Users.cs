namespace Gateway.Cli.Apply;

/// <summary>Users, and what keeps the last administrator.</summary>
internal sealed partial class PlanBuilder
{
    private readonly List<CurrentUser> keptUsers = [];

    private void PlanUsers(bool prune)
    {
        if (file.Users is not { } users) return;
        foreach (var user in users)
        {
            var there = current.Users.FirstOrDefault(each => each.Name == user.Name);
            var fields = new List<FieldChange>();
            Set(fields, "roles", there is null ? null : string.Join(' ', there.Roles.Order()), string.Join(' ', user.Roles.Order()), "");
            Set(fields, "disabled", there is null ? null : YesNo(there.IsDisabled), YesNo(user.IsDisabled), YesNo(false));
            var setsPassword = user.Password is not null && (there is null || !BCrypt.Net.BCrypt.Verify(user.Password, there.PasswordHash));
            if (setsPassword) fields.Add(FieldChange.OfSecret("password"));
            if (there is null && user.Password is null) errors.Add(user.At, $"user: {user.Name} is new and needs a password, as password: file:PATH");
            Save(there, fields, action => new PlannedUser(action, user.Name, fields, there?.Id ?? 0, user, setsPassword));
        }

        KeepAnAdministrator(users, prune);
    }

    /// <summary>A gateway without an administrator is one that nobody can repair over the API.</summary>
    private void KeepAnAdministrator(IReadOnlyList<UserEntry> users, bool prune)
    {
        var others = current.Users.Where(user => user.IsAdmin && users.All(entry => entry.Name != user.Name)).ToList();
        if (users.Any(user => !user.IsDisabled && user.Roles.Contains(Access.Roles.Admin)) || !current.Users.Any(user => user.IsAdmin)) return;
        if (others.Count == 0)
        {
            var last = users.First(user => current.Users.Any(there => there.IsAdmin && there.Name == user.Name));
            errors.Add(last.At, $"user: {last.Name} is the last administrator; make another one first");
        }
        else if (prune)
        {
            keptUsers.Add(others[0]);
            kept.Add($"user {others[0].Name}: is the last administrator");
        }
    }
}
