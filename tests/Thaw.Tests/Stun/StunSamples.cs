using System.Security.Cryptography;
using System.Text;

namespace Thaw.Tests.Stun;

/// <summary>The published messages.</summary>
internal static class StunSamples
{
    /// <summary>Of RFC 5769 §2.1 to §2.3.</summary>
    public static readonly byte[] Password = "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();

    // Of RFC 5769 §2.4 and RFC 8489 B.1: user マトリックス, realm example.org, password TheMatrIX.
    private static readonly byte[] LongTerm = Encoding.UTF8.GetBytes("マトリックス:example.org:TheMatrIX");
#pragma warning disable CA5351 // RFC 8489 §9.2.2 says MD5.
    public static readonly byte[] LongTermKey = MD5.HashData(LongTerm);
#pragma warning restore CA5351
    public static readonly byte[] LongTermKeySha256 = SHA256.HashData(LongTerm);

    /// <summary>RFC 5769 §2.1: software "STUN test client", user "evtj:h6vY".</summary>
    public static readonly byte[] Request = Convert.FromHexString(
        "000100582112a442b7e7a701bc34d686fa87dfae" + "802200105354554e207465737420636c69656e74" +
        "002400046e0001ff" + "80290008932ff9b151263b36" + "000600096576746a3a68367659202020" +
        "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2" + "80280004e57a3bcf");

    /// <summary>RFC 5769 §2.2: 192.0.2.1:32853.</summary>
    public static readonly byte[] ResponseIPv4 = Convert.FromHexString(
        "0101003c2112a442b7e7a701bc34d686fa87dfae" + "8022000b7465737420766563746f7220" + "002000080001a147e112a643" +
        "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7" + "80280004c07d4c96");

    /// <summary>RFC 5769 §2.3: [2001:db8:1234:5678:11:2233:4455:6677]:32853.</summary>
    public static readonly byte[] ResponseIPv6 = Convert.FromHexString(
        "010100482112a442b7e7a701bc34d686fa87dfae" + "8022000b7465737420766563746f7220" +
        "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9" +
        "00080014a382954e4be67bf11784c97c8292c275bfe3ed41" + "80280004c8fb0b4c");

    /// <summary>RFC 5769 §2.4: long-term credentials, no FINGERPRINT.</summary>
    public static readonly byte[] LongTermRequest = Convert.FromHexString(
        "000100602112a44278ad3433c6ad72c029da412e" + "00060012e3839ee38388e383aae38383e382afe382b90000" +
        "0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341" + "0014000b6578616d706c652e6f726700" +
        "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666");

    /// <summary>RFC 8489 B.1 with erratum 6268: USERHASH and MESSAGE-INTEGRITY-SHA256.</summary>
    public static readonly byte[] Sha256Request = Convert.FromHexString(
        "000100902112a44278ad3433c6ad72c029da412e" +
        "001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704" +
        "001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936347341000000" +
        "0014000b6578616d706c652e6f726700" + "001d000400020000" +
        "001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65");
}
