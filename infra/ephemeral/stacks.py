"""Stacks: what is done with ephemeral stacks, on Pulumi's Automation API. Where their state is, the environment says.

`PULUMI_BACKEND_URL`, and a secrets provider or `PULUMI_CONFIG_PASSPHRASE`. Each has its settings in a folder that goes with
the object: whatever must outlive this process is in the backend.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import msgspec
import yaml
from pulumi import automation
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackNotFoundError

from infra.ephemeral import expiry
from infra.ephemeral.command import Command
from infra.ephemeral.tags import tagged

PROJECT = "mcp-gateway"
ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"pr-[a-z0-9][a-z0-9-]{0,18}")
# Where the cluster is gone already, what was in it is gone too.
_ENVIRONMENT = {"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true", "PULUMI_K8S_DELETE_UNREACHABLE": "true"}

type Program = Callable[[], None]
type Say = Callable[[str], None]


class StackError(Exception):
    """What went wrong, for whoever asked."""


class Found(msgspec.Struct, frozen=True):
    """A stack of ours. `expires` is None where it does not say."""

    name: str
    expires: datetime | None
    last_update: datetime | None


class Stacks:
    """`with Stacks(program, command, say) as stacks:`"""

    def __init__(
        self, program: Program, command: Command, say: Say, *, secrets_provider: str = "", root: Path = ROOT
    ) -> None:
        self._program = program
        self._command = command
        self._say = say
        self._secrets_provider = secrets_provider or None
        self._root = root
        self._folder = TemporaryDirectory(prefix="ephemeral-")

    def __enter__(self) -> Self:
        settings = _project(self._root)
        (Path(self._folder.name) / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def up(self, name: str, config: Mapping[str, Any], expires: datetime) -> Mapping[str, Any]:
        """Its outputs. What a failed one has made stays until it is destroyed, or swept. Raises StackError, Interrupted."""
        workspace = self._workspace(tagged(self._program, name, expires))
        with _told(
            f"{name} is not up; what was made of it stays until `destroy`, or `sweep` after {expires:%d %b %H:%M} UTC"
        ):
            stack = automation.Stack.create_or_select(_checked(name), workspace)
            self._remember(stack, expires)
            self._configure(name, config)
            result = stack.up(on_output=self._say, on_error=self._say, color="never", show_secrets=False)
        return {key: "(secret)" if output.secret else output.value for key, output in result.outputs.items()}

    def outputs(self, name: str) -> Mapping[str, Any]:
        """Raises StackError, Interrupted."""
        with _told(f"{name} has no outputs"):
            stack = automation.Stack.select(_checked(name), self._workspace())
            return {key: output.value for key, output in stack.outputs().items() if not output.secret}

    def destroy(self, name: str, *, break_lock: bool = False) -> None:
        """One that is not there is destroyed. `break_lock`: whoever held it is known to be gone. Raises StackError, Interrupted."""
        with _told(f"{name} is not destroyed"):
            try:
                stack = automation.Stack.select(_checked(name), self._workspace())
            except StackNotFoundError:
                self._say(f"{name} is not there.")
                return
            try:
                self._destroy(stack)
            except ConcurrentUpdateError:
                if not break_lock:
                    raise
                self._say(f"{name} is locked by somebody who is gone: the lock is broken.")
                stack.cancel()
                self._destroy(stack)

    def all(self) -> list[Found]:
        """Those of this project that are ephemeral. Raises StackError, Interrupted."""
        workspace = self._workspace()
        with _told("The stacks cannot be listed"):
            summaries = workspace.list_stacks()
            found: list[Found] = []
            for summary in summaries:
                name = summary.name.rpartition("/")[2]
                if _NAME.fullmatch(name):
                    updated = summary.last_update
                    found.append(Found(name, _expires(workspace, name), updated and updated.replace(tzinfo=UTC)))
        return found

    def _destroy(self, stack: automation.Stack) -> None:
        stack.destroy(on_output=self._say, on_error=self._say, color="never", show_secrets=False, remove=True)

    def _workspace(self, program: Program | None = None) -> automation.LocalWorkspace:
        return automation.LocalWorkspace(
            work_dir=self._folder.name,
            program=program or self._program,
            secrets_provider=self._secrets_provider,
            env_vars=_ENVIRONMENT,
            pulumi_command=self._command,
        )

    def _remember(self, stack: automation.Stack, expires: datetime) -> None:
        """Before anything is made. An engine that keeps no tags leaves the time of the last change."""
        try:
            stack.set_tag(expiry.TAG, expiry.written(expires))
        except CommandError as error:
            self._say(f"The stack takes no tag ({_reason(error)}): `sweep` goes by its last change.")

    def _configure(self, name: str, config: Mapping[str, Any]) -> None:
        """In the file, where lists and mappings keep their shape; how its secrets are kept is there already."""
        file = Path(self._folder.name) / f"Pulumi.{name}.yaml"
        settings: dict[str, Any] = (yaml.safe_load(file.read_text()) if file.exists() else None) or {}
        file.write_text(yaml.safe_dump({**settings, "config": dict(config)}))


class _told:  # noqa: N801 (it reads as a statement)
    """Pulumi's errors as ours, with what they mean here."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CommandError):
            raise StackError(f"{self._what}: {_reason(error)}") from None


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StackError(f"`{name}` is not the name of an ephemeral stack: {_NAME.pattern}. Others are left alone.")
    return name


def _expires(workspace: automation.LocalWorkspace, name: str) -> datetime | None:
    try:
        return expiry.read(workspace.list_tags(name).get(expiry.TAG, ""))
    except CommandError:  # an engine that keeps no tags
        return None


def _reason(error: CommandError) -> str:
    """The last that pulumi said on standard error."""
    lines = [line for line in str(error).partition("stderr:")[2].splitlines() if line.strip()]
    return lines[-1].strip() if lines else "see above"


def _project(root: Path) -> dict[str, Any]:
    """As the repository's Pulumi.yaml has it, but for how a language host would start it."""
    file = root / "Pulumi.yaml"
    stated: dict[str, Any] = yaml.safe_load(file.read_text()) if file.exists() else {}
    known = {key: stated[key] for key in ("description", "config") if key in stated}
    return {**known, "name": stated.get("name", PROJECT), "runtime": "python"}
