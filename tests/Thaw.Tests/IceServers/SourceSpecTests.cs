using Thaw.IceServers.Sources;
using Xunit;

namespace Thaw.Tests.IceServers;

public sealed class SourceSpecTests
{
    private const string Secret = "s3cret-of-ours";
    private readonly FakeProvider _provider = new();

    [Theory]
    [InlineData("google", "google", "")]
    [InlineData(" Metered:App=x ", "metered", "app=x")]
    [InlineData("coturn:host=a.example,secret=a=b:c", "coturn", "host=a.example|secret=a=b:c")]
    [InlineData("static:servers=stun:a.example,turn:b.example?transport=tcp,username=u", "static", "servers=stun:a.example,turn:b.example?transport=tcp|username=u")]
    [InlineData("""http:url=https://a.example,body={"a":1,"b":"x=y"}""", "http", """url=https://a.example|body={"a":1,"b":"x=y"}""")]
    public void A_source_is_a_preset_with_settings(string text, string preset, string settings)
    {
        Assert.True(IceSourceSpec.TryParse(text, out var spec, out string error), error);
        Assert.Equal(preset, spec.Preset);
        Assert.Equal(settings, string.Join('|', spec.Settings.Select(s => $"{s.Key}={s.Value}")));
        Assert.Equal(preset, $"{spec}");
    }

    [Theory]
    [InlineData("", "a source begins with the name of a preset")]
    [InlineData("coturn:s3cret-of-ours", "coturn: after the colon comes key=value")]
    [InlineData("coturn:secret=s3cret-of-ours,secret=s3cret-of-ours", "coturn: secret is set twice")]
    [InlineData("cotorn:host=a", "no preset \"cotorn\"; there are ")]
    [InlineData("coturn:secret=s3cret-of-ours", "coturn wants the host of the relay: host=…")]
    [InlineData("coturn:host=a.example", "coturn wants the secret that it shares with the relay")]
    [InlineData("coturn:host=turn:a.example,secret=s3cret-of-ours", "coturn: host takes a host name or an address")]
    [InlineData("coturn:host=a.example,secret=s3cret-of-ours,username=u", "coturn: secret and username exclude each other")]
    [InlineData("coturn:host=a.example,secret=s3cret-of-ours,port=x", "coturn: port takes a port")]
    [InlineData("coturn:urls=turn://a.example,secret=s3cret-of-ours", "coturn: urls \"turn://a.example\": no slashes after the scheme")]
    [InlineData("coturn:host=a.example,secret=s3cret-of-ours,lifetime=5", "coturn: lifetime takes seconds, 60 to 2592000")]
    [InlineData("coturn:host=a.example,secret=s3cret-of-ours,realm=x", "coturn has no setting realm; it has ")]
    [InlineData("coturn:host=a.example,secret-file=/none", "coturn: secret-file names a file that cannot be read")]
    [InlineData("coturn:host=a.example,secret-env=NONE", "coturn: secret-env names the variable NONE, which is not set")]
    [InlineData("coturn:host=a.example,secret-file=/empty", "coturn: secret-file names an empty file")]
    [InlineData("metered:app=x", "metered wants an API key")]
    [InlineData("metered:api-key=s3cret-of-ours", "metered wants an address: url=https://…")]
    [InlineData("metered:url=http://a.example,api-key=s3cret-of-ours", "metered: url must be https: keys would be readable on the way")]
    [InlineData("http:url=ftp://a.example", "http: url takes an address such as https://")]
    [InlineData("http:url=https://u:s3cret-of-ours@a.example", "http: url has a user in the address")]
    [InlineData("http:url=https://a.example,method=DELETE", "http: method takes GET, POST or PUT")]
    [InlineData("cloudflare:key-id=x", "cloudflare wants the TURN key's API token: api-token=…, api-token-file=PATH or the variable THAW_CLOUDFLARE_API_TOKEN")]
    [InlineData("google:name=a b", "google: name takes up to 32 letters, digits and dashes")]
    [InlineData("static:servers=stun:a.example?transport=udp", "static: servers \"stun:a.example?transport=udp\": a STUN URL has no")]
    public void A_wrong_one_is_refused_with_words_that_give_no_secret_away(string text, string said)
    {
        _provider.Files["/empty"] = " \n";
        Assert.False(_provider.TryCreate(text, out _, out string error));
        Assert.StartsWith(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_comes_from_the_flag_a_variable_or_a_file_in_this_order()
    {
        _provider.Variables["THAW_COTURN_SECRET_FILE"] = "/by-default";
        _provider.Files["/by-default"] = "one";
        _provider.Files["/named"] = "three";
        string first = await PasswordAsync("coturn:host=a.example");
        _provider.Variables["THAW_COTURN_SECRET"] = "two";
        string second = await PasswordAsync("coturn:host=a.example");
        string third = await PasswordAsync("coturn:host=a.example,secret-file=/named");
        string fourth = await PasswordAsync("coturn:host=a.example,secret=four");

        Assert.Equal([Sum("one"), Sum("two"), Sum("three"), Sum("four")], [first, second, third, fourth]);

        async Task<string> PasswordAsync(string text) => (await _provider.MintAsync(text)).Servers[1].Credential!;
        string Sum(string secret) => CoturnSource.Password(System.Text.Encoding.UTF8.GetBytes(secret), $"{_provider.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds()}:browser");
    }
}
