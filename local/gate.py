"""Gate: lets a few start at a time. Many processes that start at once keep each other, and the gateway, from getting anywhere."""

from collections.abc import Callable

from local.bell import Bell


class Gate:
    """As many places as it is wide. Who waits for one may give up; then `bell` must ring."""

    def __init__(self, width: int) -> None:
        self.bell = Bell()
        self._free = width

    async def enter(self, give_up: Callable[[], bool]) -> bool:
        """Waits for a place and takes it; False once `give_up()` says so."""
        taken = False

        def take() -> bool:
            nonlocal taken
            if not give_up() and self._free > 0:
                taken = True
                self._free -= 1
            return taken or give_up()

        await self.bell.until(take)
        return taken

    def leave(self) -> None:
        """Gives the place back."""
        self._free += 1
        self.bell.ring()
