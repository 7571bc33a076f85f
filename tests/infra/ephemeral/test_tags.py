"""What the resource group of an ephemeral stack says of itself, beside what the program says."""

from datetime import UTC, datetime

from pulumi_azure_native import resources

from infra.ephemeral.tags import tagged
from tests.infra.recording import record


def _program() -> None:
    resources.ResourceGroup("group", resource_group_name="mcpgateway-pr-1", location="westus3", tags={"team": "tools"})


def test_the_group_says_whose_it_is_and_how_long() -> None:
    found = record(tagged(_program, "pr-1", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)), {}, stack="pr-1")
    (group,) = [each for each in found if each.type == "azure-native:resources:ResourceGroup"]
    assert group.inputs["tags"] == {
        "team": "tools",
        "mcp-gateway-stack": "pr-1",
        "mcp-gateway-expires": "2026-03-01T12:30Z",
    }
