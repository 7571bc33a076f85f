"""Publish: brings the zip to the Functions app by the one way that Flex Consumption has, and waits until it answers.

https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies: the app's own site for deployments takes the
zip, puts it into the app's container, and restarts what runs. It builds nothing: the zip is complete.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import aiohttp
import msgspec

from infra.deployer import MANAGEMENT, TokenFor
from infra.waiting import Patience, until

_SUCCESS, _FAILED = 4, {-1: "cancelled", 3: "failed", 5: "in conflict with another", 6: "partially successful"}
_CLOSED = 403  # an access restriction, which lets in the cluster only
_TRY_AGAIN = (401, 403, 404, 409, 429, 500, 502, 503, 504)  # a site or a role that is new; another deployment under way
_PACE = {"to_take": 600.0, "to_unpack": 600.0, "to_answer": 300.0}


class Refused(Exception):
    """The app does not run what was published; the message says why."""


class Site(msgspec.Struct, frozen=True):
    """Origins of the app, and of its site for deployments."""

    app: str
    deployments: str

    @classmethod
    def of(cls, host: str) -> "Site":
        """By the app's own host name (`name.azurewebsites.net`)."""
        name, _, domain = host.partition(".")
        return cls(f"https://{host}", f"https://{name}.scm.{domain}")


class Publisher:
    """`patience` is for each of its three steps, by default ten minutes, ten and five."""

    def __init__(
        self, site: Site, token_for: TokenFor, say: Callable[[str], None], patience: Patience | None = None
    ) -> None:
        self._site, self._token_for, self._say = site, token_for, say
        self._patience = {step: patience or Patience(seconds=seconds) for step, seconds in _PACE.items()}

    async def publish(self, code: bytes) -> None:
        """Raises Refused, and TooLate."""
        headers = {"Authorization": f"Bearer {await self._token_for(f'{MANAGEMENT}/.default')}"}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=300)) as session:
            self._say(f"publishing {len(code) / 1e6:.1f} MB")
            deployment = await self._hand_over(session, headers, code)
            await self._until("to_unpack", "the deployment", lambda: self._unpacked(session, headers, deployment))
            await self._until("to_answer", "GET /ping", lambda: self._answers(session))

    async def _until(self, step: str, what: str, ask: Callable[[], Awaitable[str]]) -> None:
        async def tried() -> str:
            try:
                return await ask()
            except (aiohttp.ClientError, TimeoutError) as error:
                return f"it cannot be reached ({error or type(error).__name__})"

        await until(what, tried, self._patience[step], self._say)

    async def _hand_over(self, session: aiohttp.ClientSession, headers: Mapping[str, str], code: bytes) -> str:
        """The deployment's id."""
        taken: list[str] = []

        async def offer() -> str:
            url, kind = f"{self._site.deployments}/api/publish", {"Content-Type": "application/zip"}
            asked = {"type": "zip", "RemoteBuild": "false", "Deployer": "pulumi"}
            async with session.post(url, params=asked, data=code, headers={**headers, **kind}) as answer:
                text = await answer.text()
                if answer.status in _TRY_AGAIN:
                    return f"it answers {answer.status}: {text[:200]}"
                if answer.status not in (200, 202):
                    raise Refused(f"the zip was not taken: {answer.status}: {text[:500]}")
                taken.append(_id(text))
                return ""

        await self._until("to_take", "the app's site for deployments", offer)
        return taken[0]

    async def _unpacked(self, session: aiohttp.ClientSession, headers: Mapping[str, str], deployment: str) -> str:
        async with session.get(f"{self._site.deployments}/api/deployments/{deployment}", headers=headers) as answer:
            if answer.status not in (200, 202):
                return f"it answers {answer.status}"
            found: Any = await answer.json(content_type=None)
        status = found.get("status")
        if status in _FAILED:
            raise Refused(f"the deployment is {_FAILED[status]}: {found.get('status_text') or 'no reason is given'}")
        return "" if status == _SUCCESS else f"its status is {status}"

    async def _answers(self, session: aiohttp.ClientSession) -> str:
        async with session.get(f"{self._site.app}/ping") as answer:
            if answer.status == _CLOSED:
                self._say(
                    "GET /ping: the app is open to the cluster only, so it is not asked from here (see deployerCidrs)"
                )
                return ""
            return "" if answer.status == 200 else f"it answers {answer.status}"


def _id(text: str) -> str:
    """The answer is the id itself, or an object that has it. Raises Refused."""
    try:
        found: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = text.strip()
    name = cast("dict[str, Any]", found).get("id") if isinstance(found, dict) else found
    if not isinstance(name, str) or not name:
        raise Refused(f"the app's site for deployments says nothing of a deployment: {text[:200]}")
    return name
