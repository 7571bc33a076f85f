"""The worker process: a function app behind the platform's own worker library, with the packages of the deployed folder and no others.

    python -I -S -B worker.py WWWROOT RUNTIME FD

RUNTIME is a folder that holds the library alone. FD is a socket of lines of JSON: the first that goes out is the indexed
functions or an `error`; then one order comes in per invocation, each with an `id`, and an answer for each goes out when it is
done. This file needs nothing but Python. Instead of protobuf there are plain objects: the library asks no more of a message
than its fields.
"""

import asyncio
import base64
import json
import socket
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PACKAGES = ".python_packages/lib/site-packages"

# The values of protobuf's enumerations that are compared with numbers; for all others the name will do.
_NUMBERS = {"in": 0, "out": 1, "inout": 2, "undefined": 0}
_LINE = 2**28  # bytes; bodies are lines here
_TIMER = json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False})


class _Named(type):
    """A message class; names it does not have are values of its enumerations."""

    def __getattr__(cls, name: str) -> int | str:
        return _NUMBERS.get(name, name)


class Message(metaclass=_Named):
    """A message: the fields it was made with, and None for all others."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "TypedData":  # by that name the library finds out what it has before it
            raise AttributeError(name)
        return None

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802 - protobuf's name
        """The field that is set; where others are beside the group, the group's own stands first."""
        return next(iter(vars(self)), None)


class Messages:
    """The module of message classes, each made when it is first asked for."""

    def __getattr__(self, name: str) -> type[Message]:
        return _Named(name, (Message,), {})


class Worker:
    """The platform's worker over one function app. One for each process: the library keeps what it knows in its modules."""

    def __init__(self) -> None:
        self._messages = Messages()
        self._ids: dict[str, str] = {}
        self._invocations = 0
        # Without types, as the library has none; imported once the path is that of the app.
        self._library: Any = import_module("azure_functions_runtime")

    async def start(self, wwwroot: str) -> list[dict[str, Any]]:
        """Indexes the app. Raises RuntimeError with what the platform would show."""
        threadpool: Any = import_module("azure_functions_runtime.utils.threadpool")
        threadpool.start_threadpool_executor()
        asked = Message(capabilities={}, function_app_directory=wwwroot)
        _checked(await self._library.worker_init_request(self._request(worker_init_request=asked)))
        found = await self._library.functions_metadata_request(self._request())
        self._ids = {function.name: function.function_id for function in found.function_metadata_results}
        for id in self._ids.values():
            loaded = Message(function_id=id)
            _checked(await self._library.function_load_request(self._request(function_load_request=loaded)))
        return [
            {"name": function.name, "bindings": [json.loads(raw) for raw in function.raw_bindings]}
            for function in found.function_metadata_results
        ]

    async def invoke(self, name: str, parameter: str, data: Message) -> Any:
        """One invocation. Returns what the function returned, as the host would get it. Raises RuntimeError where it raised."""
        self._invocations += 1
        invocation = Message(
            invocation_id=str(self._invocations),
            function_id=self._ids[name],
            input_data=[Message(data=data, name=parameter)],
            trigger_metadata={},
            trace_context=Message(),
            retry_context=Message(),
        )
        done = await self._library.invocation_request(self._request(invocation_request=invocation))
        return _checked(done).return_value

    async def http(self, name: str, parameter: str, http: dict[str, Any]) -> dict[str, Any]:
        """An invocation by HTTP: `method`, `url`, `headers`, `query`, `params`, and the body in base64."""
        body = Message(bytes=base64.b64decode(http.pop("body")))
        reply = (await self.invoke(name, parameter, Message(http=Message(**http, body=body)))).http
        sent = base64.b64encode(reply.body.bytes or b"").decode()
        return {"status": int(reply.status_code), "headers": dict(reply.headers), "body": sent}

    async def timer(self, name: str, parameter: str) -> dict[str, Any]:
        """An invocation by the clock."""
        return {"returned": await self.invoke(name, parameter, Message(json=_TIMER))}

    def _request(self, **request: Message) -> Any:
        return SimpleNamespace(request=Message(**request), properties={"host": "127.0.0.1", "protos": self._messages})


def _checked(response: Any) -> Any:
    if response.result.status != "Success":
        raise RuntimeError(f"{response.result.exception.message}\n{response.result.exception.stack_trace}")
    return response


class _Orders:
    """What comes and goes over the socket."""

    def __init__(self, worker: Worker, writer: asyncio.StreamWriter) -> None:
        self._worker = worker
        self._writer = writer
        self._running: set[asyncio.Task[None]] = set()

    def say(self, line: object) -> None:
        self._writer.write(json.dumps(line).encode() + b"\n")

    async def follow(self, reader: asyncio.StreamReader) -> None:
        """Each order in a task of its own, as the platform does, until the host goes away."""
        while line := await reader.readline():
            task = asyncio.create_task(self._done(json.loads(line)))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _done(self, order: dict[str, Any]) -> None:
        name, parameter = order["function"], order["parameter"]
        try:
            if "http" in order:
                answer = await self._worker.http(name, parameter, order["http"])
            else:
                answer = await self._worker.timer(name, parameter)
        except RuntimeError as error:
            answer = {"error": str(error)}
        self.say({"id": order["id"], **answer})


async def _main(wwwroot: str, channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel, limit=_LINE)
    try:
        worker = Worker()
        orders = _Orders(worker, writer)
        orders.say({"functions": await worker.start(wwwroot)})
        await orders.follow(reader)
    except RuntimeError as error:
        writer.write(json.dumps({"error": str(error)}).encode() + b"\n")
        await writer.drain()


if __name__ == "__main__":
    _, root, runtime, descriptor = sys.argv
    # The platform's order: what the app brings stands before what the worker has.
    sys.path[:0] = [str(Path(root) / PACKAGES), runtime, root]
    asyncio.run(_main(root, socket.socket(fileno=int(descriptor))))
