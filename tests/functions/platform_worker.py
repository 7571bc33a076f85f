"""A process that loads a function app through the platform's own worker library, and invokes what it is told on stdin.

    python -m tests.functions.platform_worker WWWROOT

The first line of stdout holds the indexed functions, then there is one line per invocation. With the packages of whoever runs
the tests; with those of the deployed folder alone, and over HTTP, it is `mini_host`.
"""

import asyncio
import base64
import json
import sys
from typing import Any

from tests.functions.mini_host.worker import Worker


def _http(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": order["method"],
        "url": "http://control-plane/",
        "headers": order["headers"],
        "query": order["query"],
        "params": order["route"],
        "body": base64.b64encode(order["body"].encode()).decode(),
    }


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
            answer = await worker.timer("reconcile", "timer")
        else:
            answer = await worker.http(order["function"], "req", _http(order))
            headers = {name.lower(): value for name, value in answer["headers"].items()}
            answer |= {"headers": headers, "body": base64.b64decode(answer["body"]).decode()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
