using System.Net;
using Thaw.Net.Addresses;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class AddressScopeTests
{
    [Theory]
    [InlineData("127.0.0.1", AddressScope.Loopback)]
    [InlineData("::1", AddressScope.Loopback)]
    [InlineData("169.254.8.1", AddressScope.LinkLocal)]
    [InlineData("fe80::1", AddressScope.LinkLocal)]
    [InlineData("10.255.255.255", AddressScope.Private)]
    [InlineData("172.16.0.1", AddressScope.Private)]
    [InlineData("172.31.255.255", AddressScope.Private)]
    [InlineData("172.32.0.1", AddressScope.Global)]
    [InlineData("192.168.1.1", AddressScope.Private)]
    [InlineData("fd12:3456::1", AddressScope.Private)]
    [InlineData("100.63.255.255", AddressScope.Global)]
    [InlineData("100.64.0.1", AddressScope.SharedByProvider)]
    [InlineData("100.127.255.255", AddressScope.SharedByProvider)]
    [InlineData("203.0.113.7", AddressScope.Global)]
    [InlineData("2001:db8::1", AddressScope.Global)]
    [InlineData("::ffff:10.0.0.1", AddressScope.Private)]
    [InlineData("0.0.0.0", AddressScope.Unusable)]
    [InlineData("224.0.0.251", AddressScope.Unusable)]
    [InlineData("255.255.255.255", AddressScope.Unusable)]
    [InlineData("::", AddressScope.Unusable)]
    [InlineData("ff02::fb", AddressScope.Unusable)]
    public void An_address_tells_who_can_reach_it(string address, AddressScope scope)
        => Assert.Equal(scope, AddressScopes.Of(IPAddress.Parse(address)));
}
