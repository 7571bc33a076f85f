"""Kinds: what each resource of this provider is at the gateway. A table; nothing here asks anybody."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from gateway.definition import settled
from gateway.records import AdapterSpec, ToolSpec, check
from infra.catalog.plugin.agent import AgentSpec

type Spec = AdapterSpec | ToolSpec | AgentSpec
# Members that are the provider's own and never sent: with their types, and what they are where nothing is said.
WAIT = "wait"
ENVIRONMENT = "environmentVariables"


class Kind(msgspec.Struct, frozen=True):
    """`resource` is its type in programs and states, `spec` the body that the gateway takes.

    `settle` refuses what the spec's types cannot, and fills in what they do not.
    `fixed` cannot be changed: another value is another thing. `runs`: it has a status, and so can be waited for.
    """

    resource: str
    noun: str
    spec: type[Spec]
    settle: Callable[[Spec], None]
    fixed: frozenset[str]
    runs: bool
    served: str  # where MCP clients reach it, below the endpoint; empty: nowhere

    @property
    def base(self) -> str:
        """The collection's path, and what ids begin with."""
        return f"{self.noun}s"

    def id_of(self, name: str) -> str:
        """`adapters/weather`."""
        return f"{self.base}/{name}"

    def name_of(self, id: str) -> str:
        """Raises ValueError with a sentence for what is no id of this kind."""
        base, slash, name = id.partition("/")
        if base != self.base or not slash or not name or "/" in name:
            raise ValueError(f"`{id}` is no id of {self.noun}s: they look like `{self.base}/<name>`.")
        return name

    def fields(self) -> dict[str, msgspec.structs.FieldInfo]:
        """What the gateway takes, by its name in JSON."""
        return {field.encode_name: field for field in msgspec.structs.fields(self.spec)}

    def members(self) -> dict[str, Any]:
        """What may be given, with its type: what the gateway takes, and what is the provider's own."""
        return {name: field.type for name, field in self.fields().items()} | ({WAIT: bool} if self.runs else {})

    def requires(self, member: str) -> bool:
        """Whether it has to be given; a name never has to, for the resource has one."""
        return member != WAIT and self.fields()[member].required


def _settle_record(spec: Spec) -> None:
    if isinstance(spec, AgentSpec):
        return
    check(spec)
    if isinstance(spec, ToolSpec):
        tool = settled(spec.tool_definition.tool, spec.name)
        spec.tool_definition = msgspec.structs.replace(spec.tool_definition, tool=tool)


_of = partial(Kind, settle=_settle_record)
KINDS = {
    kind.resource: kind
    for kind in (
        _of(
            resource="mcp-gateway:catalog:McpAdapter",
            noun="adapter",
            spec=AdapterSpec,
            fixed=frozenset({"name", "useWorkloadIdentity"}),
            runs=True,
            served="adapters/{name}/mcp",
        ),
        _of(
            resource="mcp-gateway:catalog:McpTool",
            noun="tool",
            spec=ToolSpec,
            fixed=frozenset({"name", "useWorkloadIdentity"}),
            runs=True,
            served="mcp",
        ),
        _of(
            resource="mcp-gateway:catalog:McpAgent",
            noun="agent",
            spec=AgentSpec,
            fixed=frozenset({"name"}),
            runs=False,
            served="",
        ),
    )
}
