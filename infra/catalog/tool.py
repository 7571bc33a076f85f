"""McpTool: an HTTP tool behind a gateway's tool router, as a resource."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Input

from infra.catalog.arguments import Acl, ConfigMapRef, Probe, Resources, SecretRef, ToolDefinition
from infra.catalog.record import Running


class McpTool(Running):
    """A tool, listed at `mcp_url` with all others. Another name or `use_workload_identity` makes another tool."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        image_name: Input[str],
        image_version: Input[str],
        tool_definition: Input[ToolDefinition],
        name: Input[str] | None = None,
        description: Input[str] | None = None,
        environment_variables: Input[Mapping[str, Input[str] | SecretRef | ConfigMapRef]] | None = None,
        replica_count: Input[int] | None = None,
        required_roles: Input[Sequence[Input[str]]] | None = None,
        acl: Input[Acl] | None = None,
        use_workload_identity: Input[bool] | None = None,
        timeout_seconds: Input[int] | None = None,
        command: Input[Sequence[Input[str]]] | None = None,
        args: Input[Sequence[Input[str]]] | None = None,
        resources: Input[Resources] | None = None,
        probe: Input[Probe] | None = None,
        read_only_root_filesystem: Input[bool] | None = None,
        wait: Input[bool] | None = None,
    ) -> None:
        """Members as the gateway's `/tools` has them, with its defaults; `name` is the resource's unless given.

        `wait`: it counts as made only once it is healthy, for which `custom_timeouts` give the time (otherwise 5 minutes).
        """
        members = {
            "name": name,
            "imageName": image_name,
            "imageVersion": image_version,
            "toolDefinition": tool_definition,
            "description": description,
            "environmentVariables": environment_variables,
            "replicaCount": replica_count,
            "requiredRoles": required_roles,
            "acl": acl,
            "useWorkloadIdentity": use_workload_identity,
            "timeoutSeconds": timeout_seconds,
            "command": command,
            "args": args,
            "resources": resources,
            "probe": probe,
            "readOnlyRootFilesystem": read_only_root_filesystem,
            "wait": wait,
        }
        super().__init__("McpTool", resource_name, members, opts)
