using System.Buffers.Binary;
using System.Text;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// The client's side of the long-term credential mechanism with one server (RFC 8489 §9.2): takes over challenges, seals
/// requests, checks answers.
/// </summary>
internal sealed class TurnLogin(TurnCredential? credential)
{
    private const int MaxRealm = 763, MaxNonce = 763; // RFC 8489 §14.9, §14.10
    private const int MaxAlgorithms = 64;
    private const int MaxTogether = 1400;             // so that any request of ours stays within one datagram

    private static ReadOnlySpan<byte> NonceCookie => "obMatJos2"u8; // RFC 8489 §9.2
    private const int FeaturesLength = 4;                           // base64 of 24 bits

    // RFC 8489 §18.1 counts bits from the left, its own example in B.1 from the right: no other bits are assigned, so both count.
    private const int PasswordAlgorithmsBits = 1 << 23 | 1;
    private const int UsernameAnonymityBits = 1 << 22 | 1 << 1;

    private byte[] _realm = [], _nonce = [], _algorithms = [], _user = [], _key = [];
    private bool _isAnonymous;
    private PasswordAlgorithm _algorithm;

    public bool HasCredential => credential is not null;

    /// <summary>A challenge was taken over: requests are sealed from here on.</summary>
    public bool IsReady { get; private set; }

    /// <summary>A 401 that speaks of a realm for which no request was sealed yet: it refuses nothing.</summary>
    public bool IsOtherRealm(in StunReader challenge)
        => challenge.TryFind(StunAttributeType.Realm, out var realm) && !realm.Value.SequenceEqual(_realm);

    /// <summary>Takes over what a 401 or 438 carries.</summary>
    /// <returns>Why it cannot be answered, or null.</returns>
    public GatheringFailure? TakeChallenge(in StunReader challenge)
    {
        if (credential is null) return GatheringFailure.NoCredential;
        if (!challenge.TryFind(StunAttributeType.Nonce, out var nonce)) return GatheringFailure.BadChallenge;
        if (nonce.Value.Length is 0 or > MaxNonce) return GatheringFailure.BadChallenge;

        ReadOnlySpan<byte> realm = challenge.TryFind(StunAttributeType.Realm, out var said) ? said.Value : _realm;
        if (realm.Length is 0 or > MaxRealm) return GatheringFailure.BadChallenge;

        int features = ReadFeatures(nonce.Value);
        var chosen = PasswordAlgorithm.Md5; // RFC 8489 §9.2.2: where the server speaks of none
        ReadOnlySpan<byte> algorithms = default;
        if (challenge.TryFind(StunAttributeType.PasswordAlgorithms, out var offered))
        {
            algorithms = offered.Value;
            if (algorithms.Length > MaxAlgorithms || !TryChoose(algorithms, out chosen)) return GatheringFailure.BadChallenge;
        }
        else if ((features & PasswordAlgorithmsBits) != 0) // RFC 8489 §9.2.5: the nonce says that they were there
        {
            return GatheringFailure.BidDown;
        }

        bool anonymous = (features & UsernameAnonymityBits) != 0;
        byte[] user = Encoding.UTF8.GetBytes(credential.Username);
        if (user.Length > TurnCredential.MaxUsername || user.Length + realm.Length + nonce.Value.Length + algorithms.Length > MaxTogether)
            return GatheringFailure.BadChallenge;

        if (!IsReady || chosen != _algorithm || anonymous != _isAnonymous || !realm.SequenceEqual(_realm))
        {
            string text = Encoding.UTF8.GetString(realm);
            _key = LongTermKey.Derive(chosen, credential.Username, text, credential.Password);
            _user = anonymous ? LongTermKey.Userhash(credential.Username, text) : user;
        }

        (_realm, _nonce, _algorithms) = (realm.ToArray(), nonce.Value.ToArray(), algorithms.ToArray());
        (_algorithm, _isAnonymous, IsReady) = (chosen, anonymous, true);
        return null;
    }

    /// <summary>Adds who we are, and the integrity that must come last (RFC 8489 §9.2.3.2).</summary>
    public void Seal(ref StunWriter request)
    {
        request.Add(_isAnonymous ? StunAttributeType.Userhash : StunAttributeType.Username, _user);
        request.Add(StunAttributeType.Nonce, _nonce);
        request.Add(StunAttributeType.Realm, _realm);
        if (_algorithms.Length > 0)
        {
            request.Add(StunAttributeType.PasswordAlgorithms, _algorithms); // repeated, so that the server sees a change on the way
            request.Add(StunAttributeType.PasswordAlgorithm, (uint)_algorithm << 16);
        }

        if (_algorithm is PasswordAlgorithm.Sha256) request.AddIntegritySha256(_key);
        else request.AddIntegrity(_key);
    }

    /// <summary>An answer sealed by less than was agreed on counts as forged.</summary>
    public StunSeal Check(in StunReader answer)
    {
        if (_algorithm is PasswordAlgorithm.Sha256 && answer.Has(StunAttributeType.MessageIntegrity) && !answer.Has(StunAttributeType.MessageIntegritySha256))
            return StunSeal.Invalid;
        return answer.CheckIntegrity(_key);
    }

    /// <summary>The first that we know, in the server's order (RFC 8489 §9.2.5, §14.11). None of ours has parameters.</summary>
    private static bool TryChoose(ReadOnlySpan<byte> algorithms, out PasswordAlgorithm chosen)
    {
        const int Header = 4;
        for (chosen = default; algorithms.Length >= Header;)
        {
            var algorithm = (PasswordAlgorithm)BinaryPrimitives.ReadUInt16BigEndian(algorithms);
            int parameters = StunHeader.Padded(BinaryPrimitives.ReadUInt16BigEndian(algorithms[2..]));
            if (Header + parameters > algorithms.Length) return false;
            if (chosen == default && parameters == 0 && algorithm is PasswordAlgorithm.Md5 or PasswordAlgorithm.Sha256) chosen = algorithm;
            algorithms = algorithms[(Header + parameters)..];
        }

        return chosen != default && algorithms.IsEmpty;
    }

    private static int ReadFeatures(ReadOnlySpan<byte> nonce)
    {
        if (!nonce.StartsWith(NonceCookie) || nonce.Length < NonceCookie.Length + FeaturesLength) return 0;

        int features = 0;
        foreach (byte digit in nonce.Slice(NonceCookie.Length, FeaturesLength))
        {
            int value = digit switch
            {
                >= (byte)'A' and <= (byte)'Z' => digit - 'A',
                >= (byte)'a' and <= (byte)'z' => digit - 'a' + 26,
                >= (byte)'0' and <= (byte)'9' => digit - '0' + 52,
                (byte)'+' => 62,
                (byte)'/' => 63,
                _ => -1,
            };
            if (value < 0) return 0;
            features = features << 6 | value;
        }

        return features;
    }
}
