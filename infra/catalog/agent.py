"""McpAgent: an agent of a gateway, as a resource: a model, what it is told, and the tools it may call."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Input

from infra.catalog.record import Record


class McpAgent(Record):
    """An agent. Another name makes another one."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        model: Input[str],
        system: Input[str],
        name: Input[str] | None = None,
        tools: Input[Sequence[Input[str]]] | None = None,
        skills: Input[Sequence[Input[str]]] | None = None,
        description: Input[str] | None = None,
        metadata: Input[Mapping[str, Input[str]]] | None = None,
        required_roles: Input[Sequence[Input[str]]] | None = None,
    ) -> None:
        """`tools` are `mcp:<tool>`, `agent:<agent>` or `builtin:<bash, read_file, write_file>`; `name` is the resource's
        unless given. That a tool is there when the agent is made, `depends_on` says, or a name that is an output.
        """
        members = {
            "name": name,
            "model": model,
            "system": system,
            "tools": tools,
            "skills": skills,
            "description": description,
            "metadata": metadata,
            "requiredRoles": required_roles,
        }
        super().__init__("McpAgent", resource_name, members, opts)
