"""Command: what exactly is run for a record, decided before anything is. Pure."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.errors import Invalid
from gateway.records import Probe, Record, image_of, port_of
from local.images import Image


class Command(msgspec.Struct, frozen=True):
    """What an instance runs. Two that are equal need no restart between them. `port` is the record's own, not the one listened on."""

    image: str
    argv: list[str]
    env: Mapping[str, str]
    cwd: str
    port: int
    probe: str

    def environment(self, inherited: Mapping[str, str], port: int) -> dict[str, str]:
        """All the variables a process gets: five of ours, the image's, the record's. Nothing else of the gateway's own."""
        basic = {
            "PATH": inherited.get("PATH") or "/usr/local/bin:/usr/bin:/bin",
            "HOME": inherited.get("HOME") or str(Path.home()),
            "TMPDIR": inherited.get("TMPDIR") or tempfile.gettempdir(),
            "LANG": inherited.get("LANG") or "C.UTF-8",
        }
        return {**basic, **self.env, "PORT": str(port)}


def command_of(record: Record, image: Image, work: Path) -> Command:
    """The command of a record; `work` is where it runs unless the image says. Raises Invalid for references to Secrets."""
    return Command(
        image=image_of(record),
        argv=[*(record.command or image.command), *record.args],
        env={**image.env, **_plain(record)},
        cwd=image.cwd or str(work),
        port=port_of(record),
        probe=record.probe.path if isinstance(record.probe, Probe) else "",
    )


def _plain(record: Record) -> dict[str, str]:
    plain: dict[str, str] = {}
    for name, value in record.environment_variables.items():
        if not isinstance(value, str):
            field = f"environmentVariables.{name}"
            raise Invalid(f"{field}: there are no Secrets and ConfigMaps here; give the value itself.", field=field)
        plain[name] = value
    return plain
