"""Log: what a run says while it runs: a blob that grows, read from where the last reading ended. Judges nothing.

The blob's metadata has `Complete` when nothing more will come. It may not be there yet, and its address ends after a while.
"""

from gateway.azure.acr.run import Run
from gateway.azure.arm import Arm, Reply
from gateway.azure.arm_error import ArmError

_COMPLETE = "x-ms-meta-Complete"
_NOT_YET = (404, 416)  # no blob; nothing beyond what was read
_OVER = 403  # the address is no longer good
_WHAT = "the build's log"


class Log:
    """Of one run. `is_complete` when its end has been read."""

    def __init__(self, arm: Arm, run: Run) -> None:
        self._arm = arm
        self._run = run
        self._address = ""
        self._read = 0
        self._rest = b""
        self.is_complete = False

    async def more(self) -> list[str]:
        """The whole lines since the last time. Raises ArmError."""
        reply = await self._beyond()
        if reply.status == _OVER:
            self._address = ""
        self.is_complete = _COMPLETE in reply.headers
        if reply.status not in (200, 206):
            self.is_complete &= reply.status in _NOT_YET
            return self._lines(b"")
        return self._lines(self._new(reply))

    async def last(self, lines: int) -> list[str]:
        """The end of what is there, whether or not more will come. Raises ArmError, also where nothing can be read."""
        reply = await self._beyond()
        if reply.status not in (200, 206):
            raise ArmError(_WHAT, status=reply.status, code=reply.headers.get("x-ms-error-code", ""))
        return [_text(line) for line in self._new(reply).splitlines()[-lines:]]

    async def _beyond(self) -> Reply:
        self._address = self._address or await self._run.log_address()
        return await self._arm.blob(_WHAT, "GET", self._address, {"Range": f"bytes={self._read}-"})

    def _new(self, reply: Reply) -> bytes:
        new = reply.body[self._read :] if reply.status == 200 else reply.body  # 200: the whole of it
        self._read += len(new)
        return new

    def _lines(self, new: bytes) -> list[str]:
        *whole, self._rest = (self._rest + new).split(b"\n")
        if self.is_complete and self._rest:
            whole, self._rest = [*whole, self._rest], b""
        return [_text(line) for line in whole]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
