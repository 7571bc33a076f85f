"""The catalog as code: adapters, tools and agents of a gateway as resources of a Pulumi program.

What is here describes them; who makes them is the plug-in in `plugin`, a process of its own that this does not import.
"""

from infra.catalog.adapter import McpAdapter
from infra.catalog.agent import McpAgent
from infra.catalog.arguments import Acl, Amounts, ConfigMapRef, Probe, Resources, SecretRef, ToolDefinition
from infra.catalog.provider import McpGateway
from infra.catalog.tool import McpTool

__all__ = [
    "Acl",
    "Amounts",
    "ConfigMapRef",
    "McpAdapter",
    "McpAgent",
    "McpGateway",
    "McpTool",
    "Probe",
    "Resources",
    "SecretRef",
    "ToolDefinition",
]
