"""What processes on a cluster refuse to start with, named; and what they read."""

import json
from pathlib import Path

import pytest

from gateway.cluster.settings import Settings
from gateway.env import SettingsError
from proxy.environment import Environment as ProxyEnvironment
from tool_router.environment import Environment as RouterEnvironment

SECRET = "3b1c9d2e7f60a4b85c9d0e1f2a3b4c5d"
KEYS = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"]


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """All that is required."""
    path = tmp_path / "kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c"}}
    path.write_text(json.dumps({"current-context": "c", "contexts": [context], "clusters": [cluster]}))
    return {
        "GatewaySettings__Secret": SECRET,
        "Seal__Keys__0": KEYS[0],
        "Kubernetes__Kubeconfig": str(path),
        "ControlPlane__Endpoint": "http://control-plane.mcp-gateway.svc:8000",
    }


def test_what_is_not_said_has_its_default(variables: dict[str, str]) -> None:
    settings = Settings.from_env(variables)
    assert (settings.host, settings.port, settings.unready_seconds) == ("0.0.0.0", 8000, 5)
    assert settings.secrets == (SECRET,)
    assert settings.seal_keys == (bytes.fromhex(KEYS[0]),)
    assert settings.server.url == "http://127.0.0.1:1"


def test_while_keys_are_changed_there_are_two(variables: dict[str, str]) -> None:
    previous = SECRET[::-1]
    settings = Settings.from_env({**variables, "GatewaySettings__PreviousSecret": previous, "Seal__Keys__1": KEYS[1]})
    assert settings.secrets == (SECRET, previous)
    assert settings.seal_keys == tuple(bytes.fromhex(key) for key in KEYS)


def test_both_processes_read_what_they_share_and_what_is_theirs(variables: dict[str, str]) -> None:
    told = {
        **variables,
        "Proxy__HoldSeconds": "7",
        "ToolRouter__PageSize": "9",
        "Listen__Port": "9000",
        "Drain__Seconds": "0",
    }
    proxy, router = ProxyEnvironment.read(told), RouterEnvironment.read(told)
    assert (proxy.cluster.port, proxy.edge.hold_seconds, proxy.control_plane) == (
        9000,
        7,
        told["ControlPlane__Endpoint"],
    )
    assert (router.cluster.unready_seconds, router.tools.page_size, router.tools.secrets) == (0, 9, (SECRET,))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GatewaySettings__Secret", "", "GatewaySettings__Secret is required"),
        ("GatewaySettings__Secret", SECRET[:31], "GatewaySettings__Secret: has 31 characters"),
        ("GatewaySettings__Secret", "changeme-changeme-changeme-changeme", "is a placeholder"),
        ("GatewaySettings__Secret", "YOUR_GATEWAY_SECRET_OF_32_CHARACTERS", "is a placeholder"),
        ("GatewaySettings__Secret", "${GATEWAY_SECRET}-0123456789abcdefghi", "is a placeholder"),
        ("GatewaySettings__Secret", "x" * 40, "is a placeholder"),
        ("GatewaySettings__Secret", SECRET + " and more", "no header can carry"),
        ("GatewaySettings__Secret", SECRET + "ä", "no header can carry"),
        ("GatewaySettings__PreviousSecret", "short", "GatewaySettings__PreviousSecret: has 5 characters"),
        ("Seal__Keys__0", "", "Seal__Keys__0 is required"),
        ("Seal__Keys__0", KEYS[0][:-2], "Seal__Keys__0: expected 32 hex digits"),
        ("Seal__Keys__0", KEYS[0][:-2] + "xy", "Seal__Keys__0: expected 32 hex digits"),
        ("Seal__Keys__0", "0" * 32, "Seal__Keys__0: is a placeholder"),
        ("Seal__Keys__2", KEYS[1], "Seal__Keys__1 is required, since there is Seal__Keys__2"),
        ("Listen__Port", "99999", "Listen__Port"),
        ("Drain__Seconds", "soon", "Drain__Seconds"),
        ("Kubernetes__Kubeconfig", "/absent", "/absent"),
        ("Kubernetes__Kubeconfig", "", "KUBERNETES_SERVICE_HOST is required"),
        ("Proxy__HoldSeconds", "long", "Proxy__HoldSeconds"),
        ("ControlPlane__Endpoint", "", "ControlPlane__Endpoint is required"),
        ("ControlPlane__Endpoint", "control-plane:8000", "ControlPlane__Endpoint"),
        ("ControlPlane__Endpoint", "http://control-plane/path", "ControlPlane__Endpoint"),
        ("Redis__ConnectionString", "redis:6379", "there is no Redis"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_said(
    variables: dict[str, str], name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        ProxyEnvironment.read({**variables, name: value})
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


def test_the_tool_router_needs_to_know_no_control_plane_and_believes_nobody_without_the_secret(
    variables: dict[str, str],
) -> None:
    del variables["ControlPlane__Endpoint"]
    RouterEnvironment.read(variables)
    del variables["GatewaySettings__Secret"]
    with pytest.raises(SettingsError, match="GatewaySettings__Secret is required"):
        RouterEnvironment.read(variables)
