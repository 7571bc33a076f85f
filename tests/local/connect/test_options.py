"""What the command line may say."""

import pytest

from local.connect.options import Options, WrongOption, shown

URL = "http://localhost:8000/mcp"
ID = "c0ffee00-1111-4222-8333-444455556666"
SCOPE = f"api://{ID}/access"


@pytest.mark.parametrize("url", [URL, "https://example.com/adapters/a/mcp?x=1", "http://[::1]:8000/mcp", "HTTP://host"])
def test_an_http_url_with_a_host_is_taken(url: str) -> None:
    assert Options.read(url, [], None).url.host


@pytest.mark.parametrize(
    "url", ["", "localhost:8000/mcp", "/mcp", "ftp://host/mcp", "http://", "http://h:99999/", "file:///x"]
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(WrongOption, match="not the URL"):
        Options.read(url, [], None)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(WrongOption, match="--header") as caught:
        Options.read("http://me:geheim@host/mcp", [], None)
    assert "geheim" not in str(caught.value)


def test_headers_are_read_with_white_space_around() -> None:
    headers = Options.read(URL, ["X-Dev-UserId:  ada ", "authorization: Bearer a:b"], None).headers
    assert headers == {"x-dev-userid": "ada", "authorization": "Bearer a:b"}


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("no colon secret", "Name: value"),
        (": secret", "Name: value"),
        ("A B: secret", "Name: value"),
        ("X: secret\r\nY: 1", "one line"),
        ("X: secret\n", "one line"),
        ("X: secreté", "ASCII"),
        ("X:", "one line"),
        ("Connection: secret", "itself"),
        ("transfer-encoding: secret", "itself"),
        ("Host: secret", "itself"),
        ("Mcp-Session-Id: secret", "itself"),
        ("MCP-Protocol-Version: secret", "itself"),
        ("Mcp-Param-X: secret", "itself"),
        ("Accept: secret", "itself"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(line: str, part: str) -> None:
    with pytest.raises(WrongOption, match=part) as caught:
        Options.read(URL, [line], None)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_given_twice_is_refused() -> None:
    with pytest.raises(WrongOption, match="twice"):
        Options.read(URL, ["X: 1", "x: 2"], None)


def test_a_token_command_is_split_as_a_shell_would() -> None:
    assert Options.read(URL, [], "az account 'get access'").token_command == ["az", "account", "get access"]


@pytest.mark.parametrize("command", ["", "  ", "'open"])
def test_a_token_command_that_cannot_be_split_is_refused(command: str) -> None:
    with pytest.raises(WrongOption, match="--token-command"):
        Options.read(URL, [], command)


@pytest.mark.parametrize(
    ("headers", "command", "azure"),
    [
        (["Authorization: Bearer geheim"], "cmd", None),
        (["authorization: Bearer geheim"], None, SCOPE),
        ([], "cmd", SCOPE),
        (["Authorization: Bearer geheim"], "cmd", SCOPE),
    ],
)
def test_two_bearers_are_refused(headers: list[str], command: str | None, azure: str | None) -> None:
    with pytest.raises(WrongOption, match="each names the bearer") as caught:
        Options.read(URL, headers, command, azure)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (SCOPE, f"api://{ID}/.default"),
        (f"api://{ID}/.default", f"api://{ID}/.default"),
        (f"api://{ID}", f"api://{ID}/.default"),
        (ID, f"{ID}/.default"),
        (f"{ID}/access", f"{ID}/.default"),
        ("https://mcp.contoso.com/mcp/access", "https://mcp.contoso.com/mcp/.default"),
        ("https://mcp.contoso.com//access", "https://mcp.contoso.com//.default"),
        ("api://contoso.com/gateway/mcp.access", "api://contoso.com/gateway/.default"),
    ],
)
def test_azure_is_asked_for_the_default_of_the_resource(given: str, asked: str) -> None:
    assert Options.read(URL, [], None, given).azure == asked


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "access",
        ".default",
        "/access",
        "api://",
        "api:///access",
        "api://a b/x",
        "api://a/x --y",
        f"{SCOPE}\n",
        "User.Read",
    ],
)
def test_a_scope_that_does_not_name_its_resource_is_refused(scope: str) -> None:
    with pytest.raises(WrongOption, match="in full"):
        Options.read(URL, [], None, scope)


@pytest.mark.parametrize("url", ["http://example.com/mcp", "http://10.0.0.1/mcp"])
def test_a_token_over_plain_http_to_another_machine_is_warned_of(url: str) -> None:
    assert "unencrypted" in Options.read(url, [], "cmd").warning
    assert "unencrypted" in Options.read(url, [], None, SCOPE).warning
    assert "unencrypted" in Options.read(url, ["Authorization: Bearer x"], None).warning
    assert not Options.read(url, ["X-Dev-UserId: ada"], None).warning


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1/mcp", "http://[::1]/mcp", "https://example.com/mcp"])
def test_no_warning_where_nobody_can_listen_in(url: str) -> None:
    assert not Options.read(url, [], "cmd").warning


def test_a_url_is_shown_without_its_query() -> None:
    assert shown(Options.read("https://h/mcp?key=geheim#x", [], None).url) == "https://h/mcp"
