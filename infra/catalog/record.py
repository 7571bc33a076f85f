"""Record: what adapters, tools and agents have in common once they are registered. Decides nothing."""

from typing import Any

import pulumi

from infra.catalog.arguments import written

# The members that the gateway decides: an attribute is there only where its resource asked for it.
_DECIDED = ("uid", "generation", "etag", "createdBy", "createdAt", "url", "statusUrl", "mcpUrl")


class Record(pulumi.CustomResource):
    """The attributes are known once it was made; `id` is what it is imported by, such as `adapters/weather`."""

    def __init__(self, kind: str, name: str, members: dict[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        """`members` as the gateway calls them; None is not given."""
        given = {member: written(value) for member, value in members.items() if value is not None}
        awaited = {"name": None, **dict.fromkeys(_DECIDED)}
        super().__init__(f"mcp-gateway:catalog:{kind}", name, {**awaited, **given}, opts)

    @property
    def name(self) -> pulumi.Output[str]:
        """Its name at the gateway."""
        return self._told("name")

    @property
    def uid(self) -> pulumi.Output[str]:
        """New at each creation."""
        return self._told("uid")

    @property
    def generation(self) -> pulumi.Output[int]:
        """Grows with each change."""
        return self._told("generation")

    @property
    def etag(self) -> pulumi.Output[str]:
        """Of the version that this program knows."""
        return self._told("etag")

    @property
    def created_by(self) -> pulumi.Output[str]:
        """Who registered it."""
        return self._told("createdBy")

    @property
    def created_at(self) -> pulumi.Output[str]:
        """When, in ISO 8601."""
        return self._told("createdAt")

    @property
    def url(self) -> pulumi.Output[str]:
        """Of the record, in the gateway's REST API."""
        return self._told("url")

    def _told(self, member: str) -> pulumi.Output[Any]:
        return self.__dict__[member]


class Running(Record):
    """A record of something that runs, and that MCP clients reach."""

    @property
    def status_url(self) -> pulumi.Output[str]:
        """What runs of it."""
        return self._told("statusUrl")

    @property
    def mcp_url(self) -> pulumi.Output[str]:
        """Where MCP clients reach it."""
        return self._told("mcpUrl")
