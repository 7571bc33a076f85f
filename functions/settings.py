"""What the control plane can be told: read once from the environment, frozen, refused by name."""

from collections.abc import Mapping

import msgspec

from gateway.env import Env


class Settings(msgspec.Struct, frozen=True):
    """`workload_identity_roles` may ask for workload identity beside `mcp.admin`. `public_origin` stands in the
    OpenAPI document; blank: wherever the document was read from."""

    workload_identity_roles: tuple[str, ...] = ()
    public_origin: str = ""

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Settings":
        """Reads `WorkloadIdentitySettings__RequiredRoles__0…` and `PublicOrigin`. Raises SettingsError."""
        env = Env(variables)
        return cls(
            workload_identity_roles=tuple(env.list("WorkloadIdentitySettings__RequiredRoles")),
            public_origin=env.text("PublicOrigin", "").rstrip("/"),
        )
