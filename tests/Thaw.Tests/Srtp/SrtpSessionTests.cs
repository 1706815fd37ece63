using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Srtp;
using Xunit;
using static Thaw.Tests.Srtp.SrtpTraffic;

namespace Thaw.Tests.Srtp;

public sealed class SrtpSessionTests
{
    private static readonly byte[] Report = Hex("80c90001decafbad81ca0002decafbad01017800");

    public static TheoryData<SrtpProfile> Profiles => SrtpTraffic.Profiles;

    [Theory, MemberData(nameof(Profiles))]
    public void What_Alice_protects_Bob_reads_and_Alice_does_not(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] wire = alice.Protected(7);

        Assert.Equal(DropReason.SrtpAuthenticationFailed, alice.Try(wire));
        Assert.Null(bob.TryUnprotect(wire, out int length));
        Assert.Null(RtpReader.TryRead(wire.AsSpan(0, length), out var rtp));
        Assert.Equal(new MediaPacket(Ssrc, 111, 7, 7 * 960, false), rtp.Packet);
        Assert.Equal(Payload, rtp.Payload);
    }

    [Theory, MemberData(nameof(Profiles))]
    public void Any_packet_of_any_size_survives_the_round_trip(SrtpProfile profile)
        => Gen.Select(Gen.Byte.Array[0, 1200], Gen.UShort, Gen.Int[0, 15], Gen.Int[0, 8], Gen.Bool).Sample(
            (payload, sequence, csrcs, extensionWords, hasExtension) =>
            {
                var (alice, bob) = Pair(profile);
                using (alice)
                using (bob)
                {
                    byte[] extension = hasExtension ? [0xBE, 0xDE, 0, (byte)extensionWords, .. new byte[4 * extensionWords]] : [];
                    byte[] rtp = [
                        (byte)(0x80 | csrcs | (hasExtension ? 0x10 : 0)), 111, (byte)(sequence >> 8), (byte)sequence, 0, 0, 0, 9, 1, 2, 3, 4,
                        .. new byte[4 * csrcs], .. extension, .. payload];
                    byte[] wire = alice.ProtectedRtp(rtp);
                    return bob.TryUnprotect(wire, out int length) is null && wire.AsSpan(0, length).SequenceEqual(rtp);
                }
            }, iter: 40);

    // The property that voice depends on: whatever the network does within the window, each packet is read once.
    [Theory, MemberData(nameof(Profiles))]
    public void Reordered_and_repeated_packets_are_read_once_each_across_roll_overs(SrtpProfile profile)
        => Gen.Select(Gen.Int[0, ushort.MaxValue], Gen.Int[1, 20].Array[30, 60], Gen.Int).Sample((start, steps, seed) =>
        {
            var (alice, bob) = Pair(profile);
            using (alice)
            using (bob)
            {
                var random = new Random(seed);
                int sequence = start is > 40000 ? start : ushort.MaxValue - start % 400; // most runs cross 2^16
                List<byte[]> wires = [alice.Protected((ushort)sequence)];
                foreach (int step in steps) wires.Add(alice.Protected((ushort)(sequence += step)));

                if (bob.Try(wires[0]) is not null) return false;
                byte[][] rest = [.. wires.Skip(1).Concat(wires.Skip(1))];
                random.Shuffle(rest);
                var results = rest.Select(bob.Try).ToList();
                return results.Count(r => r is null) == steps.Length
                    && results.Count(r => r is DropReason.SrtpReplayed) == steps.Length
                    && bob.Try(wires[0]) is DropReason.SrtpReplayed;
            }
        }, iter: 40);

    [Theory, MemberData(nameof(Profiles))]
    public void The_roll_over_counter_follows_four_turns_of_the_sequence_number(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);

        for (int sequence = 100; sequence < 4 * 65536; sequence += 30000) Assert.Null(bob.Try(alice.Protected((ushort)sequence)));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void A_stream_that_rolled_over_before_its_first_packet_arrived_is_read(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] lost = alice.Protected(65530);

        Assert.Null(bob.Try(alice.Protected(3)));
        Assert.Null(bob.Try(lost)); // late, from before the roll-over
        Assert.Null(bob.Try(alice.Protected(4)));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void The_window_is_1024_packets(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] old = alice.Protected(1), inWindow = alice.Protected(2);

        Assert.Null(bob.Try(alice.Protected(1025)));
        Assert.Equal(DropReason.SrtpReplayed, bob.Try(old));
        Assert.Null(bob.Try(inWindow));
        Assert.Equal(DropReason.SrtpReplayed, bob.Try(inWindow));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void A_forged_packet_far_ahead_changes_nothing(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] first = alice.Protected(1), second = alice.Protected(2), forged = alice.Protected(9000);
        forged[^1] ^= 1;

        Assert.Null(bob.Try(first));
        Assert.Equal(DropReason.SrtpAuthenticationFailed, bob.Try(forged));
        Assert.Null(bob.Try(second));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void Every_flipped_bit_and_every_cut_is_refused_without_throwing(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] rtp = alice.Protected(1), rtcp = alice.ProtectedRtcp(Report);

        foreach (byte[] wire in (byte[][])[rtp, rtcp])
        {
            for (int bit = 0; bit < 8 * wire.Length; bit += 3)
            {
                wire[bit / 8] ^= (byte)(1 << bit % 8);
                Assert.NotNull(wire == rtp ? bob.Try(wire) : bob.TryRtcp(wire));
                wire[bit / 8] ^= (byte)(1 << bit % 8);
            }

            for (int length = 0; length < wire.Length; length++)
                Assert.NotNull(wire == rtp ? bob.Try(wire[..length]) : bob.TryRtcp(wire[..length]));
        }

        Assert.Null(bob.Try(rtp));
        Assert.Null(bob.TryRtcp(rtcp));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void Garbage_is_refused_without_throwing(SrtpProfile profile)
    {
        var (_, bob) = Pair(profile);
        Gen.Byte.Array[0, 120].Sample(bytes =>
        {
            if (bytes.Length > 0) bytes[0] = (byte)(0x80 | bytes[0] & 0x3F);
            return bob.Try(bytes) is not null && bob.TryRtcp(bytes) is not null;
        }, iter: 300, threads: 1);
    }

    [Theory, MemberData(nameof(Profiles))]
    public void The_seventeenth_source_is_refused_and_forgeries_take_no_place(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        var (mallory, _) = (Pair(profile).Bob, 0); // other keys than Alice's
        for (uint ssrc = 100; ssrc < 116; ssrc++) Assert.Equal(DropReason.SrtpAuthenticationFailed, bob.Try(mallory.Protected(1, ssrc)));

        for (uint ssrc = 0; ssrc < SrtpSession.MaxSources; ssrc++) Assert.Null(bob.Try(alice.Protected(1, ssrc)));

        var carol = Pair(profile).Alice; // Alice's keys, further sources
        Assert.Equal(DropReason.SrtpTooManySources, bob.Try(carol.Protected(1, 16)));
        Assert.Null(bob.Try(alice.Protected(2, 15)));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void Rtcp_is_numbered_encrypted_and_read_once(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] first = alice.ProtectedRtcp(Report), second = alice.ProtectedRtcp(Report);

        Assert.NotEqual(first, second);
        Assert.Null(bob.TryRtcp(second));
        Assert.Null(bob.TryRtcp(first));
        Assert.Equal(DropReason.SrtpReplayed, bob.TryRtcp(first));
        Assert.Null(bob.TryUnprotectRtcp(alice.ProtectedRtcp(Report), out int length));
        Assert.Equal(Report.Length, length);
    }

    [Fact]
    public void A_sequence_number_cannot_be_used_twice()
    {
        var (alice, _) = Pair(SrtpProfile.AeadAes128Gcm);
        alice.Protected(5);

        Assert.Throws<InvalidOperationException>(() => alice.Protected(5));
        Assert.Throws<InvalidOperationException>(() => alice.Protected(4));
    }

    [Theory, MemberData(nameof(Profiles))]
    public void No_packet_costs_an_allocation(SrtpProfile profile)
    {
        var (alice, bob) = Pair(profile);
        byte[] buffer = new byte[400];
        Exchange(1, 50);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(51, 500);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Exchange(ushort from, ushort to)
        {
            for (ushort sequence = from; sequence <= to; sequence++)
            {
                int length = RtpWriter.Write(buffer, new(Ssrc, 111, sequence, sequence * 960u, false), Payload);
                int wire = alice.Protect(buffer, length);
                if (bob.TryUnprotect(buffer.AsSpan(0, wire), out _) is not null) throw new InvalidOperationException();

                Report.CopyTo(buffer, 0);
                wire = alice.ProtectRtcp(buffer, Report.Length);
                if (bob.TryUnprotectRtcp(buffer.AsSpan(0, wire), out _) is not null) throw new InvalidOperationException();
            }
        }
    }

    [Fact]
    public void The_base_librarys_cipher_does_not_allocate_either()
    {
        using var aes = new PortableAesCounter(Bytes(16, 1));
        byte[] data = new byte[500];
        aes.Transform(data, 0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 0; i < 100; i++) aes.Transform(data, i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
