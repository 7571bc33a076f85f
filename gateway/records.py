"""What people register: adapters and tools, as they are written, stored and answered. Agents and sessions: see `runs`.

Only shapes, and the rules a field can be checked by alone. Who may do what is `access`, decoding is `wire`,
the raw MCP tool is `definition`.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from gateway.errors import Invalid

# \Z and not $: in Python `$` also matches before a final newline. OpenAPI shows them as `$`.
NAME_PATTERN = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?\Z"
RESERVED = frozenset({"mcp", "tool", "toolgateway", "mcpgateway", "proxy", "agents"})
MASK = "***"

type Kind = Literal["adapter", "tool"]
type Listed = Literal["adapter", "tool", "platform"]  # what the catalog lists: the gateway's own services too
Name = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=40, description="DNS label, starting with a letter")]
ImageName = Annotated[str, Meta(pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*\Z", max_length=255)]
ImageVersion = Annotated[
    str,
    Meta(
        pattern=r"^([a-zA-Z0-9][a-zA-Z0-9._-]{0,127}|sha256:[0-9a-f]{64})\Z",
        description="A tag, or a digest `sha256:…`",
    ),
]
Quantity = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|[MGTPE]i?)?\Z", max_length=32)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Text = Annotated[str, Meta(pattern=r"^[^\x00]*\Z", max_length=32_768)]
Role = Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f,]([^\x00-\x1f\x7f,]*[^\x00-\x20\x7f,])?\Z", max_length=256)]
Entries = Annotated[list[Role], Meta(max_length=256)]
EnvName = Annotated[str, Meta(pattern=r"^[A-Za-z_.-][A-Za-z0-9_.-]*\Z", max_length=256)]
HttpPath = Annotated[str, Meta(pattern=r"^/[a-zA-Z0-9/_.-]*\Z", max_length=1024)]
Moment = Annotated[datetime, Meta(tz=True)]


class Reference(msgspec.Struct, frozen=True):
    """A key of a Secret or a ConfigMap in the workloads' namespace."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z", max_length=253)]
    key: Annotated[str, Meta(pattern=r"^[-._a-zA-Z0-9]+\Z", max_length=253)]


class EnvReference(msgspec.Struct, rename="camel", frozen=True):
    """An environment value that lives elsewhere; exactly one member is set. Answered as stored, never resolved."""

    secret_ref: Reference | UnsetType = UNSET
    config_map_ref: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.secret_ref is UNSET) == (self.config_map_ref is UNSET):
            raise ValueError("Exactly one of `secretRef` and `configMapRef` is required")


class Amounts(msgspec.Struct, omit_defaults=True, frozen=True):
    """CPU and memory as Kubernetes quantities (`250m`, `256Mi`); absent = the documented default."""

    cpu: Quantity | UnsetType = UNSET
    memory: Quantity | UnsetType = UNSET


class Resources(msgspec.Struct, omit_defaults=True, frozen=True):
    """Requests and limits of one instance. Accepted and ignored by the local gateway."""

    requests: Amounts | UnsetType = UNSET
    limits: Amounts | UnsetType = UNSET


class Probe(msgspec.Struct, frozen=True):
    """Readiness by `GET path` (2xx, 3xx) instead of an accepted TCP connection."""

    path: HttpPath


class Acl(msgspec.Struct, omit_defaults=True, frozen=True):
    """Who else may read, call, write: roles or object ids. A present list replaces `requiredRoles` for its verb."""

    read: Entries | UnsetType = UNSET
    call: Entries | UnsetType = UNSET
    write: Entries | UnsetType = UNSET


class ToolDefinition(msgspec.Struct, rename="camel"):
    """The MCP tool, kept as raw JSON with whatever members it has, and where its HTTP endpoint answers."""

    tool: Raw
    port: Port = 8000
    path: HttpPath = "/score"


class Spec(msgspec.Struct, rename="camel", kw_only=True):
    """What the writer of an adapter or a tool decides."""

    name: Name
    image_name: ImageName
    image_version: ImageVersion
    environment_variables: Annotated[
        dict[EnvName, Text | EnvReference],
        Meta(max_length=1024, description=f"Plain values are shown to those who may write, and as `{MASK}` to readers"),
    ] = {}
    replica_count: Annotated[int, Meta(ge=0, le=32, description="0 = stopped")] = 1
    description: Text = ""
    use_workload_identity: Annotated[bool, Meta(description="Needs a role of its own; fixed at creation")] = False
    required_roles: Annotated[
        list[Role],
        Meta(max_length=64, description="Any of these may read and call; empty: only the creator and `mcp.admin`"),
    ] = []
    command: Annotated[list[Text], Meta(max_length=64, description="Instead of the image's entry point")] = []
    args: Annotated[list[Text], Meta(max_length=64, description="Instead of the image's arguments")] = []
    resources: Resources | UnsetType = UNSET
    probe: Probe | UnsetType = UNSET
    read_only_root_filesystem: Annotated[bool, Meta(description="`/tmp` is always writable")] = True
    acl: Acl | UnsetType = UNSET


class AdapterSpec(Spec, kw_only=True):
    """The body of POST and PUT on `/adapters`."""

    affinity: Annotated[
        Literal["principal", "none"],
        Meta(description="Which instance answers requests without a session: one per caller, or any"),
    ] = "principal"
    port: Annotated[Port, Meta(description="Where the server listens")] = 8000


class ToolSpec(Spec, kw_only=True):
    """The body of POST and PUT on `/tools`."""

    tool_definition: ToolDefinition
    timeout_seconds: Annotated[int, Meta(ge=1, le=3600, description="Of one call")] = 100


# What the control plane decides stands below each spec, and twice: Structs have one base. `uid` is new at each create,
# `generation` grows with each write, `etag` is the store's and filled in on the way out, `deleted_at` is a tombstone:
# gone for everyone, its objects not yet. `status` is never stored: only the answer to a POST says `Pending`, where the
# workload could not be made at once and reconcile will make it.


class Adapter(AdapterSpec, tag="adapter", tag_field="kind", kw_only=True):
    """A registered MCP server."""

    id: str
    created_by: str
    created_at: Moment
    last_updated_at: Moment
    uid: str
    generation: int
    etag: str = ""
    deleted_at: Moment | UnsetType = UNSET
    status: Literal["Pending"] | UnsetType = UNSET


class Tool(ToolSpec, tag="tool", tag_field="kind", kw_only=True):
    """A registered HTTP tool."""

    id: str
    created_by: str
    created_at: Moment
    last_updated_at: Moment
    uid: str
    generation: int
    etag: str = ""
    deleted_at: Moment | UnsetType = UNSET
    status: Literal["Pending"] | UnsetType = UNSET


type Record = Adapter | Tool


def kind_of(record: Record) -> Kind:
    """`adapter` or `tool`."""
    return "tool" if isinstance(record, Tool) else "adapter"


def port_of(record: Record) -> int:
    """Where an instance of the record listens."""
    return record.tool_definition.port if isinstance(record, Tool) else record.port


def image_of(record: Spec) -> str:
    """`name:version`, or `name@sha256:…`."""
    return f"{record.image_name}{'@' if record.image_version.startswith('sha256:') else ':'}{record.image_version}"


def is_buried(record: Record) -> bool:
    """Whether the record is a tombstone: nobody sees it any more, and its objects are being removed."""
    return record.deleted_at is not UNSET


def check(spec: Spec) -> None:
    """Refuses what the types cannot: reserved names, masks sent back. Raises Invalid with the field."""
    if spec.name in RESERVED:
        raise Invalid(f"name: `{spec.name}` is reserved.", field="name")
    for name, value in spec.environment_variables.items():
        if value == MASK:
            field = f"environmentVariables.{name}"
            raise Invalid(f"{field}: `{MASK}` stands for a value you may not see; send the real one.", field=field)


def masked[R: Adapter | Tool](record: R) -> R:
    """The record as those see it who may read but not write: plain environment values hidden."""
    hidden = {k: MASK if isinstance(v, str) else v for k, v in record.environment_variables.items()}
    return msgspec.structs.replace(record, environment_variables=hidden)
