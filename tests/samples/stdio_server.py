"""A small stdio MCP server for the bridge's tests: by hand, on the standard library, so that a child starts at once.

What it does wrong it does when the environment says so: `REFUSE`, `SILENT`, `EXIT` (at initialize) and `STUBBORN`
(ignores SIGTERM and the end of its input).
"""

import json
import os
import signal
import subprocess
import sys
from typing import Any

type Json = dict[str, Any]

NAMES = ("pid", "env", "raw", "wait", "cancelled", "progress", "change", "log", "ask", "sample", "litter", "die", "big")
asking: dict[str, Any] = {}
cancelled: list[Any] = []


def main() -> None:
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        receive(json.loads(line), line)
    while os.environ.get("STUBBORN"):
        signal.pause()


def receive(message: Json, line: str) -> None:
    match message:
        case {"id": id, "method": "initialize", "params": {"protocolVersion": version}}:
            initialize(id, version)
        case {"method": "notifications/cancelled", "params": {"requestId": id}}:
            cancelled.append(id)
        case {"id": id, "method": "tools/list"}:
            answer(id, {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in NAMES]})
        case {"id": id, "method": "tools/call", "params": {"name": name, **rest}}:
            call(id, name, rest, line)
        case {"id": id, "result": result}:
            text(asking.pop(id), json.dumps(result))
        case {"id": id, "method": _}:
            send({"id": id, "error": {"code": -32601, "message": "Method not found"}})
        case _:
            pass


def initialize(id: Any, version: str) -> None:
    if os.environ.get("EXIT"):
        os._exit(3)
    if os.environ.get("REFUSE"):
        return send({"id": id, "error": {"code": -32602, "message": "not today"}})
    if os.environ.get("SILENT"):
        sys.stderr.write(f"silent {os.getpid()}\n")
        sys.stderr.flush()
        return None
    info = {"name": "tiny", "version": "1"}
    answer(id, {"protocolVersion": version, "capabilities": {"tools": {"listChanged": True}}, "serverInfo": info})
    if os.environ.get("EARLY"):
        send({"method": "notifications/tools/list_changed"})
    return None


def call(id: Any, name: str, rest: Json, line: str) -> None:
    arguments: Json = rest.get("arguments", {})
    match name:
        case "pid":
            text(id, str(os.getpid()))
        case "env":
            text(id, os.environ.get(arguments["name"], "(unset)"))
        case "raw":
            text(id, line)
        case "wait":
            sys.stderr.write("waiting\n")
            sys.stderr.flush()
        case "cancelled":
            text(id, json.dumps(cancelled))
        case "progress" | "change" | "log":
            notify(name, rest)
            text(id, name)
        case "ask" | "sample":
            ask(id, name)
        case _:
            misbehave(id, name, arguments)


def notify(name: str, rest: Json) -> None:
    match name:
        case "progress":
            token = rest["_meta"]["progressToken"]
            for step in (1, 2):
                send({"method": "notifications/progress", "params": {"progressToken": token, "progress": step}})
        case "change":
            send({"method": "notifications/tools/list_changed"})
        case _:
            send({"method": "notifications/message", "params": {"level": "info", "data": "hello"}})


def ask(id: Any, name: str) -> None:
    question = f"question-{id}"
    asking[question] = id
    if name == "ask":
        schema: Json = {"type": "object", "properties": {"name": {"type": "string"}}}
        params: Json = {"message": "Who?", "requestedSchema": schema}
        send({"id": question, "method": "elicitation/create", "params": params})
    else:
        words = {"role": "user", "content": {"type": "text", "text": "Say something"}}
        params = {"messages": [words], "maxTokens": 5}
        send({"id": question, "method": "sampling/createMessage", "params": params})


def misbehave(id: Any, name: str, arguments: Json) -> None:
    match name:
        case "litter":
            # A descendant that holds the pipes and outlives its parent, unless the whole group is ended.
            stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
            text(id, str(subprocess.Popen([sys.executable, "-I", "-S", "-c", stubborn]).pid))
        case "print":
            write("this is no message\n")
            text(id, "printed")
        case "big":
            text(id, "x" * arguments["bytes"])
        case "flood":
            for _ in range(arguments["messages"]):
                send(
                    {"method": "notifications/progress", "params": {**arguments, "progress": 1, "message": "x" * 1000}}
                )
            text(id, "flooded")
        case "die":
            os._exit(3)
        case _:
            send({"id": id, "error": {"code": -32602, "message": f"Unknown tool: {name}"}})


def text(id: Any, words: str) -> None:
    answer(id, {"content": [{"type": "text", "text": words}]})


def answer(id: Any, result: Json) -> None:
    send({"id": id, "result": result})


def send(message: Json) -> None:
    write(json.dumps({"jsonrpc": "2.0"} | message) + "\r\n")


def write(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
