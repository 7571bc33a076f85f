"""Runs README.md as a newcomer would: in a fresh clone, block by block, as written. Not a test of what the commands do.

`sh` blocks run in bash; the block that starts the gateway keeps running until the end; `python` blocks run with the
project's Python; `json` blocks are the editor's configuration. Blocks after *needs a subscription* are not run; those of
the part that needs a cluster are run by the step `cluster` (tests/cluster/test_commands.py).
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|python|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLUSTER = re.compile(r"^## On a Kubernetes cluster\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
READY = "http://localhost:8000/ready"
RUN_BY_ANOTHER_STEP = {"./uvw run pytest": "tests"}

# Starts the command of a configuration as a desktop client does, and lists what it offers.
STDIO_CLIENT = """
import asyncio, sys
from mcp import Client, StdioServerParameters, stdio_client

async def main():
    async with Client(stdio_client(StdioServerParameters(command=sys.argv[1], args=sys.argv[2:]))) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert "weather-tool" in names, names

asyncio.run(main())
"""


def main() -> None:
    """Exits non-zero at the first block that does not work."""
    with tempfile.TemporaryDirectory() as parent:
        clone = pathlib.Path(parent) / "mcp-gateway"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        text = (clone / "README.md").read_text()
        running: list[subprocess.Popen[bytes]] = []
        try:
            for match in BLOCK.finditer(CLUSTER.sub("", text)):
                if "*needs a subscription*" in match.string[max(0, match.start() - 120) : match.start()]:
                    continue
                run(match[1], match[2].strip(), clone, running)
        finally:
            stop(running)
    print("README: every block ran")


def run(language: str, block: str, clone: pathlib.Path, running: list[subprocess.Popen[bytes]]) -> None:
    """Runs one block, or starts it where it is the gateway itself."""
    print(f"--- {language}: {block.splitlines()[0]}", flush=True)
    if language == "json" and "mcpServers" in block:
        (server,) = json.loads(block.replace("/path/to/mcp-gateway", str(clone)))["mcpServers"].values()
        command = ["./uvw", "run", "python", "-c", STDIO_CLIENT, server["command"], *server["args"]]
        subprocess.run(command, cwd=clone, check=True, timeout=120)
    elif language == "json":
        if json.loads(block) != json.loads((clone / ".vscode/mcp.json").read_text()):
            sys.exit("README and .vscode/mcp.json differ")
    elif language == "python":
        subprocess.run(["./uvw", "run", "python", "-c", block], cwd=clone, check=True, timeout=120)
    elif step := RUN_BY_ANOTHER_STEP.get(block):
        print(f"    (run by the step `{step}`)")
    elif "mcp-gateway up" in block:
        running.append(subprocess.Popen(["bash", "-ec", "exec " + block], cwd=clone))
        wait_until_ready(running[-1])
    else:
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=clone, check=True, timeout=300)
        print()


def wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Waits at most two minutes: a fresh clone installs first."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(READY, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("the gateway of the README did not become ready")


def stop(running: list[subprocess.Popen[bytes]]) -> None:
    """Ctrl-C, as the README says; anything else than a clean end is a failure."""
    for process in running:
        process.send_signal(signal.SIGINT)
        if process.wait(timeout=30) != 0:
            sys.exit(f"the gateway of the README ended with {process.returncode}")


if __name__ == "__main__":
    main()
