"""Command: `pulumi` as a child that a signal does not tear away from us.

On Ctrl-C a shell signals the whole group, and a CI runner only the first process. Either way the engine must hear of it once,
finish what is under way and write its state, while the program and its providers stay where they are. So it runs in a session
of its own and hears of signals from here.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, override

from pulumi.automation import CommandResult, OnOutput, PulumiCommand
from pulumi.automation.errors import create_command_error


class Interrupted(Exception):
    """Somebody asked for the end. What is there is in the state."""


class Command(PulumiCommand):
    """Raises FileNotFoundError where there is no `pulumi` on the PATH."""

    def __init__(self) -> None:
        super().__init__()
        self._running: subprocess.Popen[str] | None = None
        self._ending = False

    def interrupt(self) -> None:
        """The first time the engine ends in order, the second at once; nothing new is begun. Safe in a signal handler."""
        self._ending = True
        if self._running is not None:
            self._running.send_signal(signal.SIGINT)

    @override
    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Raises Interrupted, pulumi's CommandError."""
        if self._ending:
            raise Interrupted
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            self._running = process
            try:
                said, complained = _heard(process, on_output, on_error)
            finally:
                self._running = None
        result = CommandResult(said, complained, process.returncode)
        if process.returncode and self._ending:
            raise Interrupted
        if process.returncode:
            raise create_command_error(result)
        return result


def _heard(process: subprocess.Popen[str], *listeners: OnOutput | None) -> tuple[str, str]:
    """Both streams to their ends, passed on line by line."""
    streams = (process.stdout, process.stderr)
    texts: tuple[list[str], list[str]] = ([], [])
    threads = [
        threading.Thread(target=_hear, args=each, name="pulumi", daemon=True)
        for each in zip(streams, listeners, texts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.wait()
    return "\n".join(texts[0]), "\n".join(texts[1])


def _hear(stream: IO[str], listener: OnOutput | None, lines: list[str]) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip())
            if listener is not None:
                listener(lines[-1])


def say(text: str) -> None:
    """To the person, or the log of the job; at once."""
    print(text, file=sys.stderr, flush=True)
