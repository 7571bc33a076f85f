"""Child: one run of a command, with everything it starts: its own session, its output in a log. Never started again."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from local.bell import Bell
from local.exits import on_exit
from local.kin import Process, descendants, family, still, until_ended
from local.logfile import Run
from local.orphans import Children

# Asked, asked again, made: 4 s in all, so that a DELETE is done within 5. INT first: it is what a terminal sends, and what
# servers in every language end on in good order.
_LADDER = ((signal.SIGINT, 2.0), (signal.SIGTERM, 2.0))
_CHUNK = 65536  # bytes; a pipe holds no more
_LAST_WORDS = 16  # chunks still read after the end; what escaped us may write for ever


class Child:
    """`bell` rings when it has `ended`; `code` is then its exit status (negative: the signal). `stop` it even then."""

    def __init__(self, popen: "subprocess.Popen[bytes]", output: int, run: Run, notes: Children, bell: Bell) -> None:
        self.pid = popen.pid
        self.code = 0
        self.ended = False
        self._bell = bell
        self._popen = popen
        self._output = output
        self._run = run
        self._notes = notes

    @classmethod
    def start(
        cls, argv: Sequence[str], env: Mapping[str, str], cwd: str, *, run: Run, notes: Children, bell: Bell
    ) -> "Child":
        """Starts it, in the running event loop. Raises OSError where the command or the folder cannot be used."""
        output, inlet = os.pipe()
        try:
            popen = subprocess.Popen(
                argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=inlet, stderr=inlet, start_new_session=True
            )
        except OSError:
            os.close(output)
            raise
        finally:
            os.close(inlet)
        child = cls(popen, output, run, notes, bell)
        try:
            notes.note(popen.pid)
            on_exit(popen.pid, child._on_exit)
        except OSError:  # no descriptor left, no room for the note: one that nobody watches must not live
            child.kill()
            child._finish()
            raise
        os.set_blocking(output, False)
        asyncio.get_running_loop().add_reader(output, child._read)
        return child

    async def stop(self) -> None:
        """INT, TERM, KILL to the whole group and all below it, with bounded waits; KILL at once where the child itself has
        ended already. Returns when nothing of it is left."""
        if self.ended:
            kin = await asyncio.to_thread(family, self.pid)
        else:
            kin = descendants(self.pid)
            await self._ask(kin)
        self.kill()
        _signal(kin, signal.SIGKILL)
        await self._bell.until(lambda: self.ended)
        self._finish()

    def kill(self) -> None:
        """KILL to the whole group, now; hastens a `stop` under way."""
        self._signal_group(signal.SIGKILL)

    async def _ask(self, kin: list[Process]) -> None:
        for number, seconds in _LADDER:
            self._signal_group(number)
            _signal([process for process in kin if process.group != self.pid], number)
            try:
                async with asyncio.timeout(seconds):
                    await self._bell.until(lambda: self.ended)
                    await until_ended(kin)
                    break
            except TimeoutError:
                continue

    def _signal_group(self, number: signal.Signals) -> None:
        # The child is reaped in `_finish` only: until then no other group can have its number.
        with suppress(ProcessLookupError, PermissionError):  # macOS: nothing but zombies in it
            os.killpg(self.pid, number)

    def _on_exit(self) -> None:
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        assert ended
        self.code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        self._read(_LAST_WORDS)
        self.ended = True
        self._bell.ring()

    def _finish(self) -> None:
        self._popen.wait()
        self._notes.forget(self.pid)
        self._read(_LAST_WORDS)
        self._close()

    def _read(self, chunks: int = 1) -> None:
        for _ in range(chunks):
            try:
                data = os.read(self._output, _CHUNK) if self._output >= 0 else b""
            except BlockingIOError:
                break
            if not data:
                self._close()
                break
            self._run.write(data)

    def _close(self) -> None:
        if self._output >= 0:
            asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)
            self._output = -1
            self._run.close()


def _signal(processes: Iterable[Process], number: signal.Signals) -> None:
    for process in processes:
        if still(process):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, number)
