"""Health: waits until what was registered runs, and says why where it does not."""

import msgspec

from gateway.status import Status
from infra.catalog.plugin.api import Api, Request
from infra.catalog.plugin.patience import Patience

_FIRST, _LONGEST = 0.5, 5.0  # seconds between two looks


class Health:
    """Of whatever has a status at one gateway."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def awaited(self, id: str, patience: Patience) -> str:
        """Nothing as soon as it is healthy; otherwise, when patience ends, a sentence that says what it is instead.

        Raises what `Api.ask` raises.
        """
        pause, seen = _FIRST, "nobody knows"
        while True:
            answer = await self._api.ask(Request("GET", f"/{id}/status"), patience)
            if answer.status != 200:
                return f"{id}: {answer.refused().detail}"
            status = msgspec.json.decode(answer.body, type=Status)
            if status.replica_status == "Healthy":
                return ""
            seen = _said(status)
            if not await patience.lasts(pause):
                return f"{id} is not healthy after {patience.seconds:g} s: {seen}."
            pause = min(2 * pause, _LONGEST)


def _said(status: Status) -> str:
    reasons = [f"instance {each.instance}: {each.reason}" for each in status.instances if each.reason]
    return "; ".join([status.replica_status, *reasons])
