using System.Security.Cryptography;
using Gateway.Access;
using Gateway.Storage;

namespace Gateway.Hosting;

/// <param name="Password">Null: the operator gave it.</param>
/// <param name="ApiKey">Null: keys existed already, or an operator with a shared database makes them.</param>
internal sealed record FirstCredentials(string UserName, string? Password, string? ApiKey);

/// <summary>Makes the first administrator where there is none yet: on a laptop with everything made up, in production from what was given.</summary>
internal sealed class FirstRun(UserAdministration users, ApiKeyAdministration apiKeys, ApiKeyQueries apiKeyLists, GatewayOptions options)
{
    private const string UserName = "admin";
    private const string PasswordAlphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>Null when there is a user already: secrets are shown once.</summary>
    public async Task<FirstCredentials?> RunAsync(CancellationToken cancellation)
    {
        if (await users.AnyAsync(cancellation)) return null;
        // A shared database gets no secret of our own making: whose output would show it, with several replicas?
        if (options.AdminPassword is null && !options.Storage.IsSqlite) return null;

        // 20 of 56 characters: 116 bits.
        var password = options.AdminPassword ?? RandomNumberGenerator.GetString(PasswordAlphabet, 20);
        var user = await users.AddAsync(Actor.Gateway, Authority.Whole, UserName, [Roles.Admin], password, cancellation);
        if (user.Status != UserStatus.Done) return null;
        string? apiKey = null;
        if (options.Storage.IsSqlite && await apiKeyLists.CountAsync(cancellation) == 0)
            apiKey = (await apiKeys.CreateAsync(Actor.Gateway, giver: null, new ApiKeySettings("first run", IsAdmin: true), cancellation))!.Text;
        return new FirstCredentials(UserName, options.AdminPassword is null ? password : null, apiKey);
    }
}
