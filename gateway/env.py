"""Reading settings from environment variables (`Section__Key`): typed, once, refused by name. Holds no setting itself."""

from collections.abc import Mapping

_BYPASS, _COSMOS = "Authentication__BypassEntra", "CosmosSettings__AccountEndpoint"

# Names other gateways' deployments may still set; what they asked for does not exist here, so starting would mislead.
_REFUSED = {
    "Redis__ConnectionString": "there is no Redis; the record store is Cosmos DB, PostgreSQL or SQLite",
    "Storage__UseInMemoryStores": "there are no in-memory stores; `mcp-gateway up` uses SQLite",
    "CosmosSettings__ConnectionString": "Cosmos DB is reached by identity, with CosmosSettings__AccountEndpoint",
}


class SettingsError(Exception):
    """The process cannot start with these settings; the message names the variable."""


class Env:
    """A view of environment variables that remembers nothing and guesses nothing."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        for name, why in _REFUSED.items():
            if name in variables:
                raise SettingsError(f"{name}: {why}.")
        if self.boolean(_BYPASS) and self.text(_COSMOS, ""):
            raise SettingsError(f"{_BYPASS}: callers that are only believed may not write to {_COSMOS}.")

    def text(self, name: str, default: str | None = None) -> str:
        """The value, without surrounding white space. Raises SettingsError where it is blank and has no default."""
        value = self._variables.get(name, "").strip()
        if not value and default is None:
            raise SettingsError(f"{name} is required.")
        return value or default or ""

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """A whole number within its bounds. Raises SettingsError."""
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise SettingsError(f"{name}: `{value}` is not a whole number from {least} to {most}.")
        return int(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        """`true` or `false`, in any case. Raises SettingsError."""
        value = self.text(name, str(default)).lower()
        if value not in ("true", "false"):
            raise SettingsError(f"{name}: `{value}` is neither true nor false.")
        return value == "true"

    def list(self, name: str) -> list[str]:
        """`Name__0`, `Name__1` … up to the first one missing."""
        values: list[str] = []
        while value := self._variables.get(f"{name}__{len(values)}", "").strip():
            values.append(value)
        return values
