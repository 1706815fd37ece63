using System.Diagnostics;
using System.Text;
using Thaw.Protocol.Stun;
using Thaw.Relay.Udp;

namespace Thaw.Load;

public sealed partial class RelayLoad
{
    private const uint Udp = 17u << 24; // RFC 8656 §18.8
    private const int Attempts = 8;     // at one request, then the client counts as refused
    private const int Moves = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500); // RFC 8489 §6.2.1: the first interval

    // All wait equally long, so the first that was sent is the first to be sent again.
    private readonly Queue<(LoadClient Client, TransactionId Transaction, long Sent)> _unanswered = [];
    private readonly byte[] _username;
    private byte[] _realm = [];
    private byte[] _key = [];
    private int _talking;
    private string? _refusedBecause;

    /// <summary>Brings all of <paramref name="clients"/> to where they have nothing more to ask.</summary>
    private void Converse(ReadOnlySpan<LoadClient> clients)
    {
        _unanswered.Clear();
        _talking = 0;
        for (int next = 0; next < clients.Length || _talking > 0;)
        {
            for (; next < clients.Length && _talking < _plan.InFlight; next++)
            {
                _talking++;
                AskAnew(clients[next]);
            }

            _edge.Flush();
            _edge.Receive(TimeSpan.FromMilliseconds(20), _heard);
            AskAgain();
        }
    }

    private void AskAgain()
    {
        while (_unanswered.TryPeek(out var first) && Stopwatch.GetElapsedTime(first.Sent) >= Patience)
        {
            _unanswered.Dequeue();
            if (first.Client.Transaction != first.Transaction) continue; // answered meanwhile
            if (first.Client.Attempts < Attempts) Ask(first.Client);
            else Refuse(first.Client, "no answer");
        }
    }

    private void AskAnew(LoadClient client)
    {
        client.Transaction = TransactionId.Next(_random);
        client.Attempts = 0;
        Ask(client);
    }

    private void Ask(LoadClient client)
    {
        client.Attempts++;
        _unanswered.Enqueue((client, client.Transaction, Stopwatch.GetTimestamp()));
        _edge.Send(client.Socket, _plan.Server, Request(client));
    }

    private ReadOnlySpan<byte> Request(LoadClient client)
    {
        var method = client.Step switch
        {
            LoadStep.Permit => StunMethod.CreatePermission,
            LoadStep.Bind => StunMethod.ChannelBind,
            LoadStep.Release => StunMethod.Refresh,
            _ => StunMethod.Allocate,
        };
        var writer = new StunWriter(_message, method, StunClass.Request, client.Transaction);
        if (client.Step is LoadStep.Challenge or LoadStep.Allocate) writer.Add(StunAttributeType.RequestedTransport, Udp);
        if (client.Step is LoadStep.Release) writer.Add(StunAttributeType.Lifetime, 0u);
        if (client.Step is LoadStep.Bind) writer.Add(StunAttributeType.ChannelNumber, (uint)Channel << 16);
        if (client.Step is LoadStep.Permit or LoadStep.Bind) writer.AddXorAddress(StunAttributeType.XorPeerAddress, client.Peer.Local);
        if (client.Step is not LoadStep.Challenge)
        {
            writer.Add(StunAttributeType.Username, _username);
            writer.Add(StunAttributeType.Realm, _realm);
            writer.Add(StunAttributeType.Nonce, client.Nonce);
            writer.AddIntegrity(_key);
        }

        return writer.Finish();
    }

    private void HearAnswer(LoadClient client, ReadOnlySpan<byte> message)
    {
        if (StunReader.TryRead(message, out var answer) is not null || answer.Transaction != client.Transaction || client.Attempts == 0) return;

        if (answer.Class is StunClass.SuccessResponse)
        {
            if (client.Step is LoadStep.Allocate && answer.TryReadXorAddress(StunAttributeType.XorRelayedAddress, out var relayed)) client.Relayed = relayed;
            client.Step++;
        }
        else if (!TryTakeChallenge(client, answer) && !TryMove(client, answer))
        {
            Refuse(client, Describe(answer));
            return;
        }

        if (client.Step is LoadStep.Ready or LoadStep.Gone) Finish(client);
        else AskAnew(client);
    }

    /// <summary>The first 401, and any 438: with its nonce the client goes on.</summary>
    private bool TryTakeChallenge(LoadClient client, in StunReader answer)
    {
        if (!answer.TryFind(StunAttributeType.ErrorCode, out var error) || !error.TryReadError(out int code, out _)) return false;
        if (code is not StunErrorCode.StaleNonce && (code is not StunErrorCode.Unauthenticated || client.Step is not LoadStep.Challenge)) return false;
        if (!answer.TryFind(StunAttributeType.Nonce, out var nonce) || !answer.TryFind(StunAttributeType.Realm, out var realm)) return false;

        if (client.Step is LoadStep.Challenge) client.Step = LoadStep.Allocate;
        client.Nonce = nonce.Value.ToArray();
        if (!realm.Value.SequenceEqual(_realm) || _key.Length == 0)
        {
            _realm = realm.Value.ToArray();
            _key = LongTermKey.Derive(PasswordAlgorithm.Md5, _plan.Credential.Username, Encoding.UTF8.GetString(_realm), _plan.Credential.Password);
        }

        return true;
    }

    /// <summary>437: somebody of this address was here before, and the server has not quite forgotten him. Another port, then.</summary>
    private bool TryMove(LoadClient client, in StunReader answer)
    {
        if (client.Step > LoadStep.Allocate || client.Moves++ == Moves) return false;
        if (!answer.TryFind(StunAttributeType.ErrorCode, out var error) || !error.TryReadError(out int code, out _) || code != StunErrorCode.AllocationMismatch) return false;

        Close(client);
        client.Socket = Open(_clientAddress, EdgeUse.Relay);
        client.Step = LoadStep.Challenge;
        Remember(client);
        return true;
    }

    private void Refuse(LoadClient client, string because)
    {
        _refusedBecause ??= $"{client.Step}: {because}";
        client.Step = client.Step is LoadStep.Release ? LoadStep.Gone : LoadStep.Refused;
        Finish(client);
    }

    private void Finish(LoadClient client)
    {
        client.Attempts = 0;
        client.Transaction = default;
        _talking--;
    }

    private static string Describe(in StunReader answer)
        => answer.TryFind(StunAttributeType.ErrorCode, out var error) && error.TryReadError(out int code, out var reason)
            ? $"{code} {Encoding.UTF8.GetString(reason)}".TrimEnd()
            : "an answer that is none";
}
