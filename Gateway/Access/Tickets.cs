using Gateway.Messages;
using Gateway.Storage;

namespace Gateway.Access;

internal readonly record struct IssuedTicket(string Text, long ExpiresAtMs);

/// <summary>
/// One-use credentials for streams of pages, which cannot set headers: what stands in an address ends in logs and histories, and this one is worthless
/// there. Whoever comes with it is its maker, for as long as its maker's own credential lasts.
/// </summary>
internal sealed class Tickets(IDatabase database, OpaqueTokens tokens, TimeProvider time)
{
    public async Task<IssuedTicket> IssueAsync(Principal principal, CancellationToken cancellation)
    {
        var ticket = new IssuedTicket(tokens.Create(OpaqueTokens.TicketPrefix), (time.GetUtcNow() + Limits.Access.TicketLife).ToUnixTimeMilliseconds());
        await ControlTransaction.RunQuietAsync(
            database,
            commands => commands.ExecuteAsync(
                """
                INSERT INTO tickets (hash, principal_kind, principal_id, session_id, expires_at_ms, principal_expires_at_ms)
                  VALUES (@hash, @kind, @principal, @session, @expires, @ends)
                """,
                ("@hash", OpaqueTokens.Hash(ticket.Text)),
                ("@kind", (int)principal.Id.Kind),
                ("@principal", principal.Id.Id),
                ("@session", principal.SessionId),
                ("@expires", ticket.ExpiresAtMs),
                ("@ends", principal.ExpiresAtMs)),
            cancellation);
        return ticket;
    }
}

/// <summary>What a ticket's row says of its maker.</summary>
/// <param name="EndsAtMs">When the maker's credential ends.</param>
internal sealed record TicketRow(PrincipalId Principal, long SessionId, long EndsAtMs);
