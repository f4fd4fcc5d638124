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
        var credential = CredentialReader.Read(request, allowQuery: false);
        Assert.Equal((CredentialStatus.Given, expected), (credential.Status, credential.Text));
    }

    [Theory]
    [InlineData("?api_key=tgw_1_a")]
    [InlineData("?token=tgw_1_a")]
    [InlineData("?token=tgw_1_a&api_key=tgw_1_a")]
    public void Query_OnStreamsOnly_GivesIt(string query)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString(query);
        var credential = CredentialReader.Read(request, allowQuery: true);
        Assert.Equal((CredentialStatus.Given, "tgw_1_a"), (credential.Status, credential.Text));
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

    [Theory]
    [InlineData("X-API-Key", "", (int)CredentialKinds.ApiKey)]
    [InlineData("Authorization", "", (int)(CredentialKinds.ApiKey | CredentialKinds.AccessToken))]
    [InlineData("", "?api_key=a", (int)CredentialKinds.ApiKey)]
    [InlineData("", "?token=a", (int)CredentialKinds.All)]
    [InlineData("", "?ticket=a", (int)CredentialKinds.Ticket)]
    [InlineData("X-API-Key", "?token=a", (int)CredentialKinds.ApiKey)]
    [InlineData("Authorization", "?ticket=a", (int)CredentialKinds.None)]
    public void Place_Always_SaysWhatItMayHold(string header, string query, int expected)
    {
        var request = new DefaultHttpContext().Request;
        if (header.Length > 0) request.Headers[header] = header == "Authorization" ? "Bearer a" : "a";
        request.QueryString = new QueryString(query);
        var credential = CredentialReader.Read(request, allowQuery: true);
        Assert.Equal((CredentialStatus.Given, (CredentialKinds)expected), (credential.Status, credential.Kinds));
    }
}
