using Gateway.Access;
using Gateway.Ingest;
using Gateway.Storage;

namespace Gateway.Hosting;

/// <summary><c>serve --bot-token-env NAME</c>: the quickest way to a running bot. Its token comes from the environment or a file, never from an argument, which every user of the machine can see.</summary>
internal static class EnvironmentBot
{
    /// <summary>Registers the bot for polling, or changes it to that. Answers why it cannot, or null.</summary>
    public static async Task<string?> AddAsync(GatewayOptions options, StartUp startUp, TimeProvider time, CancellationToken cancellation)
    {
        if (options.BotTokenVariable is null && options.BotToken is null) return null;
        var source = options.BotTokenVariable is { } variable ? $"--bot-token-env: the environment variable {variable}" : "--bot-token-file: the file";
        var token = options.BotTokenVariable is null ? options.BotToken : Environment.GetEnvironmentVariable(options.BotTokenVariable)?.Trim();
        if (string.IsNullOrEmpty(token)) return $"{source} is not set";
        if (BotToken.TelegramIdOf(token) is not { } telegramId) return $"{source} holds nothing of the form of a bot token";
        var secrets = new SecretBox(startUp.Keys);
        var baseUrl = options.TelegramBaseUrl == new GatewayOptions().TelegramBaseUrl ? null : options.TelegramBaseUrl.ToString().TrimEnd('/');
        var known = await new BotQueries(startUp.Storage.Database, secrets).OpenByTelegramIdAsync(telegramId, cancellation);
        // Otherwise every start would be a change in the audit log.
        if (known is { Info.Mode: BotModes.Poll } && known.Token == token && (baseUrl is null || baseUrl == known.Info.BaseUrl)) return null;
        await new BotAdministration(startUp.Storage.Database, secrets, time).AddAsync(
            Actor.Gateway,
            new BotRegistration(telegramId, token, BotModes.Poll) { Update = true, BaseUrl = baseUrl },
            cancellation);
        return null;
    }
}
