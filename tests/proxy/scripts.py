"""What pods do in several tests: well-behaved servers with sessions, and servers with one bad habit."""

from tests.proxy.gate import MODERN, SECRET, SESSION
from tests.proxy.pod import Exchange


async def with_sessions(exchange: Exchange) -> None:
    """Names a new session `id-N` where none is given, and repeats the one that is, as SDK servers do."""
    id = exchange.header(SESSION) or f"id-{exchange.connection}"
    await exchange.answer(id.encode(), f"{SESSION}: {id}")


async def as_router(exchange: Exchange) -> None:
    """A tool router in small: believes whoever knows the secret, names legacy sessions once, ends none."""
    legacy = exchange.header(MODERN[0]) != MODERN[1]
    if exchange.header("X-Gateway-Secret") != SECRET:
        await exchange.answer(b"", status=401)
    elif exchange.method == "DELETE":
        await exchange.answer(b"", "Allow: GET, POST", status=405)
    elif exchange.method == "GET":
        await silent_stream(exchange)
    elif legacy and exchange.header(SESSION) is None:
        await exchange.answer(exchange.body, f"{SESSION}: sealed-by-a-router.{exchange.connection}")
    else:
        await exchange.answer(exchange.body)


async def silent(exchange: Exchange) -> None:
    """Never answers."""
    await exchange.gone.wait()


async def silent_stream(exchange: Exchange) -> None:
    """Begins a stream and says nothing more."""
    await exchange.stream()
    await exchange.gone.wait()


async def resets(exchange: Exchange) -> None:
    """Resets the connection instead of answering."""
    exchange.reset()


async def garbage(exchange: Exchange) -> None:
    """Does not speak HTTP."""
    await exchange.send(b"\x00\x01 not http at all\r\n\r\n")
    exchange.close()


async def two_lengths(exchange: Exchange) -> None:
    """Announces two lengths."""
    await exchange.answer(b"{}", "Content-Length: 3")
