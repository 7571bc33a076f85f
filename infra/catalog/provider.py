"""McpGateway: which gateway a program's adapters, tools and agents are of, and as whom it is asked."""

from collections.abc import Sequence

import pulumi
from pulumi import Input


class McpGateway(pulumi.ProviderResource):
    """A provider, for `ResourceOptions(provider=…)`. Without one the stack's configuration says it: `mcp-gateway:endpoint` …"""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        endpoint: Input[str],
        scope: Input[str] | None = None,
        token_command: Input[Sequence[str]] | None = None,
        dev_user: Input[str] | None = None,
        dev_roles: Input[str] | None = None,
    ) -> None:
        """Who asks is said by one of `scope`, `token_command` and `dev_user`; no token is ever part of a state.

        `scope`: Azure is asked for a token of it (`api://<client id>/access`), for whoever is signed in where Pulumi runs.
        `token_command`: the first line that a command prints, run without a shell.
        `dev_user`, `dev_roles`: headers, for a gateway on one's own machine that believes them.
        """
        # The engine hands a provider's configuration on as texts.
        command = None if token_command is None else pulumi.Output.json_dumps(token_command)
        given = {
            "endpoint": endpoint,
            "scope": scope,
            "tokenCommand": command,
            "devUser": dev_user,
            "devRoles": dev_roles,
        }
        super().__init__("mcp-gateway", resource_name, given, opts)
