"""What every process of the data plane on a cluster is told besides its own affairs: keys, the API server, where to listen, how to end.

Read once, frozen, refused by name. Values of secrets are never part of a message.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.cluster.kubeconfig import from_kubeconfig
from gateway.cluster.server import Server, in_cluster
from gateway.env import Env, SettingsError

SECRET, PREVIOUS = "GatewaySettings__Secret", "GatewaySettings__PreviousSecret"
_KEYS = "Seal__Keys"
_KEY = 32  # hex digits: AES-128
_SHORTEST = 32  # characters
_LEAST_VARIED = 8  # different characters; 32 random ones have twice as many
# Long enough words that no random text has them by chance.
_PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "replace",
    "example",
    "password",
    "default",
    "your-",
    "your_",
)
_GAP = 8  # numbers after the last key that are looked at


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`secrets`: the first is shown to others, all are believed. `seal_keys`: the first seals, all open."""

    secrets: tuple[str, ...]
    seal_keys: tuple[bytes, ...]
    server: Server
    host: str = "0.0.0.0"
    port: int = 8000
    unready_seconds: float = 5.0
    """How long a process that is to end serves on, unready, until nobody is sent to it any more."""

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Settings":
        """`GatewaySettings__Secret`, `GatewaySettings__PreviousSecret`, `Seal__Keys__0…`, `Kubernetes__Kubeconfig` (blank:
        the service account), `Listen__Host`, `Listen__Port`, `Drain__Seconds`. Raises SettingsError, naming the variable."""
        env = Env(variables)
        file = env.text("Kubernetes__Kubeconfig", "")
        return cls(
            secrets=_secrets(env),
            seal_keys=_seal_keys(env),
            host=env.text("Listen__Host", "0.0.0.0"),
            port=env.integer("Listen__Port", 8000, least=1, most=65535),
            unready_seconds=env.integer("Drain__Seconds", 5, most=600),
            server=from_kubeconfig(Path(file)) if file else in_cluster(variables),
        )


def _secrets(env: Env) -> tuple[str, ...]:
    """The second one only while it is being changed, which takes three rollouts: append, promote, drop."""
    secret, previous = env.text(SECRET), env.text(PREVIOUS, "")
    _check(SECRET, secret)
    if previous:
        _check(PREVIOUS, previous)
    return (secret, previous) if previous else (secret,)


def _check(name: str, secret: str) -> None:
    if len(secret) < _SHORTEST:
        raise SettingsError(f"{name}: has {len(secret)} characters; {_SHORTEST} random ones are the least.")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(f"{name}: has characters that no header can carry.")
    if len(set(secret)) < _LEAST_VARIED or "${" in secret or any(word in secret.lower() for word in _PLACEHOLDERS):
        raise SettingsError(f"{name}: is a placeholder; set {_SHORTEST} random characters or more.")


def _seal_keys(env: Env) -> tuple[bytes, ...]:
    texts = env.list(_KEYS)
    if not texts:
        raise SettingsError(f"{_KEYS}__0 is required.")
    for number in range(len(texts) + 1, len(texts) + _GAP):
        if env.text(f"{_KEYS}__{number}", ""):  # behind a gap it would open nothing, and nobody would know why
            raise SettingsError(f"{_KEYS}__{len(texts)} is required, since there is {_KEYS}__{number}.")
    return tuple(_seal_key(f"{_KEYS}__{number}", text) for number, text in enumerate(texts))


def _seal_key(name: str, text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == _KEY else b""
    except ValueError:
        key = b""
    if 2 * len(key) != _KEY:
        raise SettingsError(f"{name}: expected {_KEY} hex digits.")
    if len(set(key)) == 1:
        raise SettingsError(f"{name}: is a placeholder; set {_KEY} random hex digits.")
    return key
