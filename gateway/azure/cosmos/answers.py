"""How a request to Cosmos DB may end badly, in words of our own. What is said of it holds neither values nor tokens.

https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb
"""

_MEANINGS = {
    (401, 0): "the token is not accepted",
    (403, 0): "a network rule, or a missing right, is in the way",
    (403, 1014): "the partition is full",
    (403, 5300): "the identity has no data role for this",
    (403, 5301): "the identity has no data role for this",
    (404, 0): "there is no such database or container",
    (404, 1003): "there is no such database or container",
    (413, 0): "the item is over 2 MB",
    (429, 0): "over the throughput",
}
# Too slow; moved; two writes in each other's way; broken; overloaded. None of them says that the work was done, or was not.
_PASSING = frozenset({408, 410, 449, 500, 502, 503, 504})
_OURS = frozenset({400, 401, 403, 404, 405})
_OWNER_MISSING = 1003


class Failure(Exception):
    """`passes`: asking once more, at once, may help. `is_ours`: no waiting mends it, somebody has to change something."""

    def __init__(self, said: str, *, passes: bool = False, is_ours: bool = False) -> None:
        super().__init__(said)
        self.passes = passes
        self.is_ours = is_ours


class Answered(Failure):
    """An answer with an error's status. `wait`: seconds until it is worth another try, where the server says so."""

    def __init__(self, status: int, sub_status: int = 0, wait: float | None = None) -> None:
        meaning = _MEANINGS.get((status, sub_status)) or _MEANINGS.get((status, 0), "")
        said = f"{status}/{sub_status}{': ' if meaning else ''}{meaning}"
        super().__init__(said, passes=status in _PASSING, is_ours=status in _OURS)
        self.status = status
        self.sub_status = sub_status
        self.wait = wait

    @property
    def is_throttling(self) -> bool:
        """More was asked for than the container may give just now."""
        return self.status == 429

    @property
    def is_no_item(self) -> bool:
        """The container is there, the item is not."""
        return self.status == 404 and self.sub_status != _OWNER_MISSING


class Unanswered(Failure):
    """Nobody can say whether what was asked took effect."""

    def __init__(self, said: str) -> None:
        super().__init__(said, passes=True)


class Unproven(Failure):
    """There is no token to ask with."""

    def __init__(self, said: str) -> None:
        super().__init__(said, is_ours=True)
