"""Engine room: the real Pulumi engine with the stand-ins around it, in a folder of its own. Nothing of it is shared with the machine's.

The program runs in this very process: the SDK is the engine's language host (`pulumi.automation`), so no plug-in of Pulumi's own
is needed. What the stand-ins have made is in `state`, and in what order it was in its journal.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi import automation

from tests.cluster import program
from tests.infra.standins.launchers import write
from tests.infra.standins.state import VARIABLE, State

PROJECT = "mcp-gateway"


class EngineRoom:
    """`folder` is empty. Raises subprocess.CalledProcessError where the engine does not build."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder, self._more = folder, dict(environment or {})
        write(folder / "bin")
        (folder / "bin" / "pulumi").symlink_to(program.pulumi().built())
        (folder / "backend").mkdir()
        self.state = State(folder / "state")

    def stack(self, main: Callable[[], Any], config: Mapping[str, str], name: str = "dev") -> automation.Stack:
        """A stack of that program; the same name is the same stack, with the program and the configuration as they are now."""
        options = automation.LocalWorkspaceOptions(
            env_vars=self._environment(), pulumi_command=automation.PulumiCommand(str(self._folder))
        )
        stack = automation.create_or_select_stack(name, project_name=PROJECT, program=main, opts=options)
        stack.set_all_config({_key(key): automation.ConfigValue(value) for key, value in config.items()})
        return stack

    def stored(self, stack: automation.Stack) -> str:
        """The stack's state as its file has it: secrets are encrypted there. (An export has them in plain.)"""
        return (self._folder / f"backend/.pulumi/stacks/{PROJECT}/{stack.name}.json").read_text()

    def _environment(self) -> dict[str, str]:
        return {
            "PULUMI_HOME": str(self._folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self._folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}",
            VARIABLE: str(self.state.folder),
            **self._more,
        }


type Done = automation.PreviewResult | automation.UpResult | automation.RefreshResult | automation.DestroyResult


def changes(done: Done) -> dict[str, int]:
    """How many resources the engine made, changed, left alone: `{"create": 2, "same": 1}`."""
    if isinstance(done, automation.PreviewResult):
        return {str(kind): count for kind, count in done.change_summary.items()}
    return {str(kind): count for kind, count in (done.summary.resource_changes or {}).items()}


def _key(name: str) -> str:
    return name if ":" in name else f"{PROJECT}:{name}"
