"""An API server for the catalog's bench: Services and EndpointSlices of so many tools, listed and watched. No figure is taken here.

Usage: `python -m bench.api_server PORT TOOLS`. `POST /change/NUMBER` changes a card, and answers when (CLOCK_MONOTONIC, one
for all processes).
"""

import asyncio
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Raw

from bench.child import HOST, serve
from bench.tools import ROLE, definition
from gateway.card import Card, encode
from gateway.cluster.names import CARD, NAME_LABEL, OWNER, OWNER_LABEL, SERVICE_LABEL, TYPE_LABEL, object_name

type Made = Callable[[int, int], dict[str, Any]]

_versions = count(1_000_001)


async def start(port: int) -> object:
    """Listens on `port` of HOST."""
    server = web.Server(_Answers(int(sys.argv[2])).answer, access_log=None)
    return await asyncio.get_running_loop().create_server(server, HOST, port)


class _Answers:
    def __init__(self, tools: int) -> None:
        self._tools = tools
        self._editions = count(1)
        self._watching: set[web.StreamResponse] = set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Lists, watches, and what the bench wants done."""
        if request.method == "POST":
            return await self._changed(int(request.path.rpartition("/")[2]))
        services = request.path.endswith("/services")
        if "watch" not in request.query:
            return self._page(request, _service if services else _slice)
        response = web.StreamResponse()
        await response.prepare(request)
        if services:
            self._watching.add(response)
        await asyncio.Event().wait()  # until the bench is gone
        return response

    def _page(self, request: web.BaseRequest, made: Made) -> web.Response:
        first, size = int(request.query.get("continue", "0")), int(request.query["limit"])
        last = min(first + size, self._tools)
        more = {"continue": str(last)} if last < self._tools else {}
        page = {"metadata": {"resourceVersion": "1000000", **more}, "items": [made(it, 0) for it in range(first, last)]}
        return web.Response(body=msgspec.json.encode(page), content_type="application/json")

    async def _changed(self, number: int) -> web.Response:
        line = msgspec.json.encode({"type": "MODIFIED", "object": _service(number, next(self._editions))}) + b"\n"
        at = time.monotonic()
        for response in self._watching:
            await response.write(line)
        return web.Response(text=str(at))


def _name(number: int) -> str:
    return f"orders-{number:04d}"


def _metadata(number: int, name: str, **members: Any) -> dict[str, Any]:
    """With everything that Kubernetes adds, for it is read past as well."""
    labels = {OWNER_LABEL: OWNER, TYPE_LABEL: "tool", NAME_LABEL: _name(number), **members.pop("labels", {})}
    fields: dict[str, dict[str, str]] = {
        f"f:{key}": {} for key in (*labels, "ports", "selector", "clusterIP", "endpoints", "addressType")
    }
    return {
        "name": name,
        "namespace": "adapter",
        "uid": f"8d7f3c1e-4b7a-4c59-9e1d-{number:012d}",
        "resourceVersion": str(number + 1),
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "labels": labels,
        "managedFields": [{"manager": "control-plane", "operation": "Update", "fieldsV1": {"f:metadata": fields}}],
        **members,
    }


def _service(number: int, edition: int) -> dict[str, Any]:
    card = Card(
        kind="tool",
        name=_name(number),
        uid=f"8d7f3c1e-4b7a-4c59-9e1d-{number:012d}",
        generation=edition + 1,
        created_by="0d3f8a52-6f0e-4f51-8a57-0c8f6f1f2a11",
        required_roles=[ROLE],
        path="/orders/search",
        tool=Raw(definition(number, edition)),
    )
    metadata = _metadata(number, object_name("tool", card.name), annotations={CARD: encode(card).decode()})
    if edition:
        metadata["resourceVersion"] = str(next(_versions))
    ports = [{"name": "http", "port": 8000, "protocol": "TCP", "targetPort": 8000}]
    return {"metadata": metadata, "spec": {"ports": ports, "selector": {NAME_LABEL: card.name}, "clusterIP": "None"}}


def _slice(number: int, edition: int) -> dict[str, Any]:
    del edition
    service = object_name("tool", _name(number))
    endpoint = {
        "addresses": [f"10.{number >> 8 & 255}.{number & 255}.7"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "targetRef": {"kind": "Pod", "name": f"{service}-0", "uid": f"5b0c7e11-4b7a-4c59-9e1d-{number:012d}"},
        "nodeName": "node",
    }
    return {
        "metadata": _metadata(number, f"{service}-x7k2p", labels={SERVICE_LABEL: service}),
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [{"name": "http", "port": 8000, "protocol": "TCP"}],
    }


if __name__ == "__main__":
    serve(start)
