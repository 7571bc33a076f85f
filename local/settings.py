"""What a local gateway can be told: by the command line, and by the same variables as its rooms elsewhere. Read once."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from functions.settings import Settings as ControlPlaneSettings
from gateway.address import is_loopback
from gateway.azure.sign_in import BELIEVED, BYPASS, SignIn, sign_in
from gateway.env import Env, SettingsError
from proxy.settings import Settings as ProxySettings
from tool_router.settings import Settings as RouterSettings

HOME = Path(".gateway")
HOST = "127.0.0.1"
PORT = 8000
# Seconds for requests under way at the end; open streams would use up any time.
DRAIN = 2.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`port` 0 takes a free one. `images` is a TOML file. `routers`: how many of them run.

    `exposed` says that dev identity is meant, wherever it listens.
    """

    home: Path = HOME
    host: str = HOST
    port: int = PORT
    images: Path | None = None
    exposed: bool = False
    sign_in: SignIn = BELIEVED
    telemetry: Mapping[str, str] = {}
    """The variables `OTEL_…`."""
    edge: ProxySettings = ProxySettings(drain_seconds=DRAIN)
    control_plane: ControlPlaneSettings = ControlPlaneSettings()
    tools: RouterSettings = RouterSettings(secrets=(), drain_seconds=DRAIN)
    routers: int = 1

    @property
    def believed(self) -> bool:
        """Whether callers are whoever they say they are."""
        return self.sign_in.believes

    def router(self, secret: str) -> RouterSettings:
        """What the tool router can be told, once the secret is known."""
        return msgspec.structs.replace(self.tools, secrets=(secret,))

    @classmethod
    def read(cls, variables: Mapping[str, str], *, home: Path, host: str, port: int, images: Path | None) -> "Settings":
        """The command line's values, and of the environment those of the rooms, of `sign_in`, and `OTEL_…`.

        Where nothing says who may come in, callers are believed, on loopback only. Raises SettingsError.
        """
        env = Env(variables)
        exposed = env.boolean(BYPASS)
        found = sign_in(variables)
        if found is None and not is_loopback(host):
            raise SettingsError(
                f"--host {host}: who calls is not verified here, so anyone who can reach this port could run commands as you."
                " To verify it, set AzureAd__TenantId and AzureAd__ClientId, or Oidc__Issuer and Oidc__Audience__0;"
                f" if it is meant, set {BYPASS}=true."
            )
        edge = msgspec.structs.replace(ProxySettings.from_env(env), drain_seconds=DRAIN)
        return cls(
            home=home,
            host=host,
            port=port,
            images=images,
            exposed=exposed,
            sign_in=found or BELIEVED,
            telemetry={name: value for name, value in variables.items() if name.startswith("OTEL_")},
            edge=edge,
            control_plane=ControlPlaneSettings.from_env(variables),
            tools=msgspec.structs.replace(RouterSettings.from_env(env, ()), drain_seconds=DRAIN),
        )
