"""The bridge cannot be pointed at a machine's credentials: not by an address in any spelling, nor by a name, nor by a redirect."""

import socket
from collections.abc import Sequence

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from samples.listen import BadSetting
from samples.mcp_bridge.reachable import Unreachable, connecting, refuse_forbidden
from samples.mcp_bridge.settings import Settings

FORBIDDEN = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "FD00:0EC2:0000::0254",
)
ALLOWED = (
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "8.8.8.8",
    "2001:db8::1",
)


def _url(address: str) -> str:
    return f"http://{f'[{address}]' if ':' in address else address}/latest/meta-data"


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_of_a_metadata_service_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(BadSetting, match="does not connect to it"):
        Settings.from_env({"MCP_PROXY_URL": _url(address)})


@pytest.mark.parametrize("address", ALLOWED)
def test_internal_servers_are_what_it_is_for(address: str) -> None:
    assert Settings.from_env({"MCP_PROXY_URL": _url(address)}).url == _url(address)


@pytest.mark.parametrize(
    "host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.254.169.254."]
)
async def test_odd_spellings_of_an_address_are_not_connected_to_either(host: str) -> None:
    try:
        url = Settings.from_env({"MCP_PROXY_URL": f"http://{host}/"}).url
    except BadSetting:
        return
    assert url
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=connecting)) as session:
        with pytest.raises((aiohttp.ClientError, Unreachable)):
            await session.get(url, timeout=aiohttp.ClientTimeout(total=10))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_socket_is_made_for_such_an_address(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(Unreachable):
        connecting((family, socket.SOCK_STREAM, 0, "", (address, 80)))


def test_an_address_with_a_zone_is_judged_without_it() -> None:
    for written in ("fe80::1%eth0", "[fe80::1%25eth0]", "fe80::1%1"):
        with pytest.raises(Unreachable):
            refuse_forbidden(written)


class Turncoat(AbstractResolver):
    """Resolves a name to one address after another, as an attacker's DNS server does."""

    def __init__(self, addresses: Sequence[str], port: int) -> None:
        self._addresses = list(addresses)
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See AbstractResolver."""
        del port, family
        address = self._addresses.pop(0)
        found = ResolveResult(
            hostname=host, host=address, port=self._port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [found]

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_name_that_changes_its_mind_is_judged_at_every_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        resolver = Turncoat(["127.0.0.1", "169.254.169.254"], server.getsockname()[1])
        connector = aiohttp.TCPConnector(
            resolver=resolver, socket_factory=connecting, use_dns_cache=False, force_close=True
        )
        timeout = aiohttp.ClientTimeout(total=0.5, sock_connect=0.5)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            with pytest.raises(TimeoutError):  # connected; this server says nothing
                await session.get("http://rebound.example/")
            with pytest.raises(aiohttp.ClientConnectorError, match="does not connect to it"):
                await session.get("http://rebound.example/")
