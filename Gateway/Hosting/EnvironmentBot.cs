using Gateway.Access;
using Gateway.Ingest;
using Gateway.Storage;

namespace Gateway.Hosting;

/// <summary><c>serve --bot-token-env NAME</c>: the quickest way to a running bot. Its token comes from the environment, never from an argument, which every user of the machine can see.</summary>
internal static class EnvironmentBot
{
    /// <summary>Registers the bot for polling, or changes it to that. Answers why it cannot, or null.</summary>
    public static async Task<string?> AddAsync(GatewayOptions options, StartUp startUp, TimeProvider time, CancellationToken cancellation)
    {
        if (options.BotTokenVariable is not { } variable) return null;
        var token = Environment.GetEnvironmentVariable(variable)?.Trim();
        if (string.IsNullOrEmpty(token)) return $"--bot-token-env: the environment variable {variable} is not set";
        if (BotToken.TelegramIdOf(token) is not { } telegramId) return $"--bot-token-env: what {variable} holds has not the form of a bot token";
        var bots = new BotAdministration(startUp.Storage.Database, new SecretBox(startUp.Keys), time);
        await bots.AddAsync(
            Actor.Gateway,
            new BotRegistration(telegramId, token, BotModes.Poll)
            {
                Update = true,
                BaseUrl = options.TelegramBaseUrl == new GatewayOptions().TelegramBaseUrl ? null : options.TelegramBaseUrl.ToString().TrimEnd('/'),
            },
            cancellation);
        return null;
    }
}
