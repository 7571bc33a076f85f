"""What the control plane can be told: read once from the environment, frozen, refused by name."""

from collections.abc import Mapping

import msgspec

from gateway.env import Env, SettingsError

_CREATORS = "Authorization__CreatorRoles"
_MOST = 1_000_000


class Settings(msgspec.Struct, frozen=True):
    """`workload_identity_roles` may ask for workload identity beside `mcp.admin`. `public_origin` stands in the
    OpenAPI document; blank: wherever the document was read from. Only `creator_roles` (and `mcp.admin`) may create; empty:
    anyone. Quotas are what one creator may have; 0: as much as they like. `client_id`: the application of Entra
    that callers sign in to; blank: none."""

    workload_identity_roles: tuple[str, ...] = ()
    public_origin: str = ""
    creator_roles: tuple[str, ...] = ()
    quota_records: int = 0
    quota_replicas: int = 0
    client_id: str = ""

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Settings":
        """Reads `WorkloadIdentitySettings__RequiredRoles__0…`, `PublicOrigin`, `Authorization__CreatorRoles__0…`,
        `Quotas__Records`, `Quotas__Replicas` and `AzureAd__ClientId`. Raises SettingsError."""
        env = Env(variables)
        return cls(
            workload_identity_roles=tuple(env.list("WorkloadIdentitySettings__RequiredRoles")),
            public_origin=env.text("PublicOrigin", "").rstrip("/"),
            creator_roles=_creator_roles(env, variables),
            quota_records=env.integer("Quotas__Records", 0, most=_MOST),
            quota_replicas=env.integer("Quotas__Replicas", 0, most=_MOST),
            client_id=env.text("AzureAd__ClientId", "").lower(),
        )


def _creator_roles(env: Env, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Every one that is written down: a list that ends early, or begins late, would let in whom nobody meant."""
    roles = tuple(env.list(_CREATORS))
    read = {f"{_CREATORS}__{number}" for number in range(len(roles))}
    for name in sorted(variables):
        if (name == _CREATORS or name.startswith(f"{_CREATORS}__")) and name not in read:
            raise SettingsError(f"{name}: not one of a list {_CREATORS}__0, {_CREATORS}__1 … without gaps or blanks.")
    return roles
