"""McpAdapter: an MCP server behind a gateway, as a resource."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
from pulumi import Input

from infra.catalog.arguments import Acl, ConfigMapRef, Probe, Resources, SecretRef
from infra.catalog.record import Running


class McpAdapter(Running):
    """An MCP server, at `mcp_url`. Another name or `use_workload_identity` makes another adapter."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        image_name: Input[str],
        image_version: Input[str],
        name: Input[str] | None = None,
        description: Input[str] | None = None,
        environment_variables: Input[Mapping[str, Input[str] | SecretRef | ConfigMapRef]] | None = None,
        replica_count: Input[int] | None = None,
        required_roles: Input[Sequence[Input[str]]] | None = None,
        acl: Input[Acl] | None = None,
        use_workload_identity: Input[bool] | None = None,
        affinity: Input[Literal["principal", "none"]] | None = None,
        port: Input[int] | None = None,
        command: Input[Sequence[Input[str]]] | None = None,
        args: Input[Sequence[Input[str]]] | None = None,
        resources: Input[Resources] | None = None,
        probe: Input[Probe] | None = None,
        read_only_root_filesystem: Input[bool] | None = None,
        wait: Input[bool] | None = None,
    ) -> None:
        """Members as the gateway's `/adapters` has them, with its defaults; `name` is the resource's unless given.

        `wait`: it counts as made only once it is healthy, for which `custom_timeouts` give the time (otherwise 5 minutes).
        """
        members = {
            "name": name,
            "imageName": image_name,
            "imageVersion": image_version,
            "description": description,
            "environmentVariables": environment_variables,
            "replicaCount": replica_count,
            "requiredRoles": required_roles,
            "acl": acl,
            "useWorkloadIdentity": use_workload_identity,
            "affinity": affinity,
            "port": port,
            "command": command,
            "args": args,
            "resources": resources,
            "probe": probe,
            "readOnlyRootFilesystem": read_only_root_filesystem,
            "wait": wait,
        }
        super().__init__("McpAdapter", resource_name, members, opts)
