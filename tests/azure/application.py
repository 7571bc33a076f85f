"""Application: one that the tenant knows, or a managed identity, which is one that Azure keeps. Proves nothing itself."""

import msgspec


class Application(msgspec.Struct, frozen=True):
    """`object_id` is its service principal's; `roles` are granted at the gateway. `secret` and `subject` (of a workload's
    token) are what it may prove itself with; empty for neither."""

    client_id: str
    object_id: str
    roles: tuple[str, ...] = ()
    secret: str = ""
    subject: str = ""
