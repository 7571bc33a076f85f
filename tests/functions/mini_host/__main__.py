"""Serves a deployed folder until TERM: `python -m tests.functions.mini_host WWWROOT`. The app gets the environment's variables.

--listen 127.0.0.1 --port 0    where; port 0 takes a free one. The first line of stdout says which
--every 60                     seconds between two rounds of the timers
--folder DIR                   what the worker writes: `worker.out`, `worker.err`
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.functions.mini_host.serving import serving
from tests.functions.mini_host.worker_process import Failed


async def serve(asked: argparse.Namespace, folder: Path) -> None:
    """Returns after TERM. Raises Failed, OSError."""
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    where = {"listen": asked.listen, "port": asked.port, "every": asked.every}
    async with serving(asked.wwwroot, os.environ, folder, **where) as url:
        print(f"listening on {url}", flush=True)
        await ending.wait()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("mini_host")
    parser.add_argument("wwwroot", type=lambda text: Path(text).resolve())
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--every", type=float, default=60.0)
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def main() -> None:
    """Exits 0 after TERM, 1 with what the platform would show where the app cannot be indexed."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    asked = _asked()
    with tempfile.TemporaryDirectory(prefix="mini-host-") as own:
        try:
            asyncio.run(serve(asked, asked.folder or Path(own)))
        except Failed as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
