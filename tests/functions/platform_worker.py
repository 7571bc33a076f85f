"""A process that loads a function app through the platform's own worker library, and invokes what it is told on stdin.

    python -m tests.functions.platform_worker WWWROOT

The first line of stdout holds the indexed functions, then there is one line per invocation. Instead of protobuf there are
plain objects: the library asks no more of a message than its fields.
"""

import asyncio
import json
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any

# Without types, as the library has none.
runtime: Any = import_module("azure_functions_runtime")
threadpool: Any = import_module("azure_functions_runtime.utils.threadpool")


# The values of protobuf's enumerations that are compared with numbers; for all others the name will do.
_NUMBERS = {"in": 0, "out": 1, "inout": 2, "undefined": 0}


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
    """The platform's worker over one function app."""

    def __init__(self) -> None:
        self._messages = Messages()
        self._ids: dict[str, str] = {}

    async def start(self, wwwroot: str) -> list[dict[str, Any]]:
        """Indexes the app. Raises RuntimeError with what the platform would show."""
        threadpool.start_threadpool_executor()
        asked = Message(capabilities={}, function_app_directory=wwwroot)
        _checked(await runtime.worker_init_request(self._request(worker_init_request=asked)))
        found = await runtime.functions_metadata_request(self._request())
        self._ids = {function.name: function.function_id for function in found.function_metadata_results}
        for id in self._ids.values():
            _checked(await runtime.function_load_request(self._request(function_load_request=Message(function_id=id))))
        return [
            {"name": function.name, "bindings": [json.loads(raw) for raw in function.raw_bindings]}
            for function in found.function_metadata_results
        ]

    async def invoke(self, name: str, parameter: str, data: Message) -> Any:
        """One invocation. Returns what the function returned, as the host would get it."""
        invocation = Message(
            invocation_id="1",
            function_id=self._ids[name],
            input_data=[Message(data=data, name=parameter)],
            trigger_metadata={},
            trace_context=Message(),
            retry_context=Message(),
        )
        return _checked(await runtime.invocation_request(self._request(invocation_request=invocation))).return_value

    def _request(self, **request: Message) -> Any:
        return SimpleNamespace(request=Message(**request), properties={"host": "127.0.0.1", "protos": self._messages})


def _checked(response: Any) -> Any:
    if response.result.status != "Success":
        raise RuntimeError(f"{response.result.exception.message}\n{response.result.exception.stack_trace}")
    return response


def _http(order: dict[str, Any]) -> Message:
    http = Message(
        method=order["method"],
        url="http://control-plane/",
        headers=order["headers"],
        query=order["query"],
        params=order["route"],
        body=Message(bytes=order["body"].encode()),
    )
    return Message(http=http)


async def _main(wwwroot: str) -> None:
    worker = Worker()
    try:
        print(json.dumps(await worker.start(wwwroot)), flush=True)
    except RuntimeError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    for line in sys.stdin:
        order = json.loads(line)
        if order["function"] == "reconcile":
            answer: dict[str, Any] = {"returned": await worker.invoke("reconcile", "timer", Message(json="{}"))}
        else:
            http = (await worker.invoke(order["function"], "req", _http(order))).http
            headers = {name.lower(): value for name, value in http.headers.items()}
            answer = {"status": int(http.status_code), "headers": headers, "body": http.body.bytes.decode()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
