namespace Gateway.Tests.Api;

/// <summary>What an attacker puts into a field.</summary>
internal static class AttackStrings
{
    /// <summary>The header that no answer may have.</summary>
    public const string InjectedHeader = "X-Injected";

    public static readonly string[] All =
    [
        "'; DROP TABLE users; --",
        "x'); DELETE FROM api_keys; --",
        "' OR '1'='1",
        "\" OR \"\"=\"",
        "1; UPDATE control_version SET version = 0",
        "' UNION SELECT hash FROM api_keys --",
        "\\'; DROP TABLE grants; #",
        "%' ESCAPE '\\",
        "@name",
        "$1 ?1 :a",
        "a\r\nX-Injected: yes",
        "a\r\n\r\n<html>",
        "a\nX-Injected: yes",
        "a%0d%0aX-Injected: yes",
        "a\u2028X-Injected: yes\u560d\u560aX-Injected: yes",
        "a\0b",
        "<script>alert(1)</script>",
        "{\"is_admin\":true}",
        "\"},\"is_admin\":true,\"x\":{\"",
        "../../../../etc/passwd",
        "${jndi:ldap://127.0.0.1/a}{{7*7}}%n%s%p",
        "NEAR(a b) AND c* OR \"d",
        "a\u202Eb\u200B\uFEFF\U0001F600\u0301",
        new string('a', 5000),
    ];
}
