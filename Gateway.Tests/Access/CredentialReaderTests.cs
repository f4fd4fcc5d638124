using Gateway.Access;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Access;

public sealed class CredentialReaderTests
{
    [Theory]
    [InlineData("X-API-Key", "tgw_1_a", "tgw_1_a")]
    [InlineData("Authorization", "Bearer tgw_1_a", "tgw_1_a")]
    [InlineData("Authorization", "bearer  tgw_1_a ", "tgw_1_a")]
    public void Header_WithACredential_GivesIt(string name, string value, string expected)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[name] = value;
        Assert.Equal(new Credential(CredentialStatus.Given, expected), CredentialReader.Read(request, allowQuery: false));
    }

    [Theory]
    [InlineData("?api_key=tgw_1_a")]
    [InlineData("?token=tgw_1_a")]
    [InlineData("?token=tgw_1_a&api_key=tgw_1_a")]
    public void Query_OnStreamsOnly_GivesIt(string query)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString(query);
        Assert.Equal(new Credential(CredentialStatus.Given, "tgw_1_a"), CredentialReader.Read(request, allowQuery: true));
        Assert.Equal(CredentialStatus.Missing, CredentialReader.Read(request, allowQuery: false).Status);
    }

    [Fact]
    public void Request_WithTheSameCredentialTwice_GivesIt()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers["X-API-Key"] = "tgw_1_a";
        request.Headers.Authorization = "Bearer tgw_1_a";
        Assert.Equal(CredentialStatus.Given, CredentialReader.Read(request, allowQuery: true).Status);
    }

    [Fact]
    public void Request_WithTwoDifferentCredentials_Conflicts()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers["X-API-Key"] = "tgw_1_a";
        request.QueryString = new QueryString("?token=tgw_2_b");
        Assert.Equal(CredentialStatus.Conflicting, CredentialReader.Read(request, allowQuery: true).Status);

        request.QueryString = default;
        request.Headers["X-API-Key"] = new[] { "tgw_1_a", "tgw_2_b" };
        Assert.Equal(CredentialStatus.Conflicting, CredentialReader.Read(request, allowQuery: true).Status);
    }

    [Fact]
    public void Request_WithAnotherScheme_HasNoCredential()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = "Basic dGd3OmE=";
        Assert.Equal(CredentialStatus.Missing, CredentialReader.Read(request, allowQuery: true).Status);
    }
}
