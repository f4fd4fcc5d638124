using System.Collections.Frozen;
using Gateway.Access;
using Gateway.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Tests.Access;

public sealed class ChatLookupTests
{
    /// <summary>Before, a chat that is hidden cost two statements more, and the time of a 404 told it from one that is not there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_HiddenOrNotThere_TakesTheSameStatements(bool mayCreate)
    {
        await using var fixture = await AccessFixture.CreateAsync();
        await fixture.ExecuteAsync("INSERT INTO chats (id, bot_id, telegram_chat_id, realm, created_at_ms) VALUES (9, 1, -100, '', 0)");
        foreach (var rights in new[] { ChatRights.Send, ChatRights.Manage })
        {
            var giver = new Grants(false, FrozenDictionary<long, ChatRights>.Empty, new Dictionary<long, ChatRights> { [1] = rights }.ToFrozenDictionary());
            var hidden = await AskAsync(fixture, giver, new ChatName(9, 0, 0), mayCreate);
            Assert.Equal((GrantStatus.ChatNotFound, true), (hidden.Outcome.Status, hidden.Outcome.IsHidden));
            foreach (var name in new[] { new ChatName(99, 0, 0), new ChatName(0, 1, -100), new ChatName(0, 1, -999), new ChatName(0, 2, -100) })
            {
                var asked = await AskAsync(fixture, giver, name, mayCreate);
                Assert.Equal((GrantStatus.ChatNotFound, name.TelegramChatId == -100 && name.BotId == 1), (asked.Outcome.Status, asked.Outcome.IsHidden));
                Assert.Equal(hidden.Statements, asked.Statements);
            }
        }
    }

    private static async Task<(GrantOutcome Outcome, int Statements)> AskAsync(AccessFixture fixture, Grants giver, ChatName chat, bool mayCreate)
    {
        await using var connection = await fixture.Database.OpenAsync(CancellationToken.None);
        await using var transaction = await fixture.Database.BeginWriteAsync(connection, CancellationToken.None);
        var statements = 0;
        var handle = ((SqliteConnection)connection).Handle;
        strdelegate_trace trace = (_, _) => statements++;
        raw.sqlite3_trace(handle, trace, null);
        var outcome = await new ChatLookup(fixture.Database, fixture.Time)
            .FindAsync(new ControlCommands(fixture.Database, connection, transaction), giver, GrantTarget.InChat(chat), mayCreate);
        GC.KeepAlive(trace);
        return (outcome, statements);
    }
}
