"""Entries: the stack's configuration as it was written down, read by type, with every fault remembered. Knows no key itself."""

import re
from collections.abc import Iterable

import msgspec
import pulumi
from pulumi.runtime import config as ambient


class ConfigError(Exception):
    """The stack cannot be built with this configuration. `keys` are those at fault; the message has a line for each."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        found = list(faults)
        self.keys = tuple(dict.fromkeys(key for key, _ in found))
        super().__init__("\n".join(f"{key}: {why}" for key, why in found))


class Entries:
    """Each read gives a value, or the default where the text cannot be meant; `close` then says all that was wrong."""

    def __init__(self, config: pulumi.Config) -> None:
        self._config = config
        self._read: set[str] = set()
        self._faults: list[tuple[str, str]] = []

    def fault(self, key: str, why: str) -> None:
        self._faults.append((key, why))

    def text(self, key: str, default: str = "", form: re.Pattern[str] | None = None) -> str:
        """Without surrounding white space; blank is the default."""
        self._read.add(key)
        value = (self._config.get(key) or "").strip()
        if value and form and not form.fullmatch(value):
            self.fault(key, f"`{value}` is not of the form {form.pattern}")
            return default
        return value or default

    def one_of[Word: str](self, key: str, allowed: tuple[Word, ...], default: Word) -> Word:
        value = self.text(key, default)
        for word in allowed:
            if value == word:
                return word
        self.fault(key, f"`{value}` is none of {', '.join(allowed)}")
        return default

    def boolean(self, key: str, *, default: bool) -> bool:
        return self.one_of(key, ("true", "false"), "true" if default else "false") == "true"

    def number(self, key: str, default: int, *, least: int, most: int) -> int:
        value = self.text(key, str(default))
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            self.fault(key, f"`{value}` is not a whole number from {least} to {most}")
            return default
        return int(value)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list."""
        return self.typed(key, tuple[str, ...], default)

    def typed[Value](self, key: str, of: type[Value], default: Value) -> Value:
        """A list or an object, which the stack's file holds as YAML and the engine hands on as JSON."""
        value = self.text(key)
        if not value:
            return default
        try:
            return msgspec.json.decode(value, type=of)
        except msgspec.DecodeError as error:
            self.fault(key, str(error))
            return default

    def close(self) -> None:
        """Raises ConfigError: what was wrong, and keys of this project that nobody read, which are most often misspelt."""
        for key in sorted(self._given() - self._read):
            self.fault(key, "is no key of this project")
        if self._faults:
            raise ConfigError(self._faults)

    def _given(self) -> set[str]:
        """All that is written down. The SDK has no public way to ask for it; an inline program has it in a variable."""
        prefix = f"{self._config.name}:"
        known = {**ambient.get_config_env(), **ambient.CONFIG.get()}
        return {name.removeprefix(prefix) for name in known if name.startswith(prefix)}
