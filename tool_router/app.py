"""Router: the tool router put together: made in order, started, drained, stopped. What it does is in the modules it joins."""

import asyncio
import logging
from collections.abc import Iterator

from gateway.audit import Audit
from gateway.catalog import Catalog
from gateway.errors import GatewayError
from gateway.identity import Principal
from gateway.logs import request_id
from gateway.seal import KeyRing
from gateway.telemetry import instruments as its
from gateway.telemetry.chatter import Chatter
from gateway.telemetry.counters import Counters
from gateway.telemetry.readings import MCP_WORDS, Reading, of_data_plane, of_durations
from gateway.telemetry.span import Tracer
from gateway.tool_call import ToolCalls
from gateway.trust import SECRET, is_trusted
from gateway.upstream import Pool
from tool_router import replies
from tool_router.calling import Calling
from tool_router.connections import Server
from tool_router.faults import INTERNAL, Fault
from tool_router.head import Head
from tool_router.legacy import Legacy
from tool_router.listing import Listing
from tool_router.modern import Modern
from tool_router.notices import Notices
from tool_router.operation import Telling
from tool_router.replies import Answer
from tool_router.sessions import Sessions
from tool_router.settings import Settings
from tool_router.shelf import Shelf
from tool_router.streams import Streams
from tool_router.turn import Turn

_SECRET = SECRET.decode()
_BACKLOG = 1024
_CUT_SECONDS = 0.05  # for requests under way; whoever wants to give them longer drains first

_log = logging.getLogger(__name__)


class Router:
    """One process's tool router. Everything it needs is handed in; what it opens itself, `stop` closes."""

    def __init__(
        self, catalog: Catalog, seals: KeyRing, settings: Settings, audit: Audit, tracer: Tracer | None = None
    ) -> None:
        self.counters = Counters()
        self._catalog = catalog
        self._settings = settings
        self._audit = audit
        self._shelf = Shelf(catalog)
        self._notices = Notices(self._shelf, settings.notice_seconds)
        self._pool = Pool()
        calls = ToolCalls(
            catalog,
            self._pool,
            audit,
            hold_seconds=settings.hold_seconds,
            reply_limit=settings.reply_limit,
            counters=self.counters,
            tracer=tracer,
        )
        self._shelf.on_change(lambda name, before, now: calls.checks.forget(name))
        silence = settings.silence_seconds
        listing, calling = Listing(self._shelf, seals, settings), Calling(calls)
        self._streams = Streams(self._notices, self.counters, silence=silence, most=settings.streams)
        telling = Telling(self.counters, tracer)
        self._modern = Modern(listing, calling, self._streams, telling, silence)
        self._legacy = Legacy(Sessions(seals), listing, calling, self._streams, telling, silence)
        self._refused = Chatter()
        self._server: Server | None = None
        self._listener: asyncio.Server | None = None
        self._retired = False
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self, host: str, port: int) -> int:
        """Listens, and returns the port (given 0, one that was free). Raises OSError where it cannot."""
        server = self._server = Server(
            self._serve, idle_seconds=self._settings.idle_seconds, fast=self._settings.fast_lane
        )
        loop = asyncio.get_running_loop()
        listener = self._listener = await loop.create_server(server, host, port, backlog=_BACKLOG)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    def readings(self) -> Iterator[Reading]:
        """What it counts, for whoever exports that."""
        yield from of_data_plane(self.counters)
        yield from of_durations(its.MCP, MCP_WORDS, self.counters.durations)

    def retire(self) -> None:
        """Unready from now on. Everything else goes on, until nobody is sent here any more: then `drain`."""
        self._retired = True

    async def drain(self) -> None:
        """Unready from now on, streams end; returns when no request is under way, at the latest after `drain_seconds`."""
        self.retire()
        self._streams.end()
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._idle.wait()
                if self._legacy.tasks:
                    await asyncio.wait(self._legacy.tasks)
        except TimeoutError:
            _log.info("drained: %d requests are still under way", self._active)

    async def stop(self) -> None:
        """Closes the port, cuts what is still under way, closes every connection."""
        if self._listener is not None:
            self._listener.close()
        self._notices.close()
        self._shelf.close()
        self._streams.end()
        self._legacy.cancel()
        if self._server is not None:
            self._server.pre_shutdown()
            await self._server.shutdown(_CUT_SECONDS)
        self._pool.close()

    async def _serve(self, turn: Turn) -> Answer:
        self.counters.requests += 1
        self._active += 1
        self._idle.clear()
        try:
            return await self._placed(turn)
        except Fault as fault:
            self._refuse(turn, fault.status, fault.message)
            return replies.json(fault.body(None), fault.status)
        except GatewayError as error:
            self._refuse(turn, error.status, error.detail)
            return replies.json(Fault(INTERNAL, error.detail).body(None), error.status, error.headers)
        except ConnectionError:
            raise  # the client left while a stream was written: there is nobody to be answered
        except Exception:  # noqa: BLE001 - answered, and logged with the request's id: nothing of ours may stay silent
            self.counters.failed += 1
            request_id.set(turn.id)
            _log.exception("failed: %s", turn)
            if turn.began:
                raise ConnectionError("an answer is on its way: it can only be cut") from None
            return replies.json(Fault(INTERNAL, "Something went wrong in the tool router.").body(None), 500)
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()

    def _refuse(self, turn: Turn, status: int, why: str) -> None:
        """Counts and logs what is answered with an error before anybody knows which message it is. Calls are in the audit."""
        self.counters.refused += 1
        if self._refused.may():
            request_id.set(turn.id)
            _log.info("refused: %d %s: %s%s", status, turn, why, self._refused.more())

    async def _placed(self, turn: Turn) -> Answer:
        match turn.head.path:
            case "/mcp":
                return await self._mcp(turn)
            case "/ping":
                return replies.empty(200)
            case "/ready":
                return replies.empty(200 if self._catalog.synced and not self._retired else 503)
            case _:
                return replies.empty(404)

    async def _mcp(self, turn: Turn) -> Answer:
        caller = turn.head.caller or self._believed(turn.head)
        if caller is None:
            return self._denied(turn)
        turn.caller = caller
        modern = turn.head.is_modern
        match turn.head.method:
            case "POST":
                body = await turn.body(self._settings.body_limit)
                return await (self._modern.post(turn, body) if modern else self._legacy.post(turn, body))
            case "GET" if not modern:
                return await self._legacy.get(turn)
            case _:  # sessions are sealed, so there is nothing to DELETE
                return replies.empty(405, {"Allow": "POST" if modern else "GET, POST"})

    def _believed(self, head: Head) -> Principal | None:
        """Whom a head names that shows the secret."""
        caller = head.vouched()
        if caller is not None and is_trusted(head.once(_SECRET), self._settings.secrets):
            head.caller = caller
        return head.caller

    def _denied(self, turn: Turn) -> Answer:
        """Nobody vouches for the caller: no name is noted, for the one in the head is anybody's word."""
        self.counters.refused += 1
        knows = is_trusted(turn.head.once(_SECRET), self._settings.secrets)
        reason = "No caller is named, once." if knows else "The gateway's secret is missing or wrong."
        self._audit.note("access.denied", "", str(turn), "denied", request_id=turn.id, reason=reason)
        return replies.empty(401)
