"""`python -m samples.mcp_example`: serves MCP at `/mcp` on `HOST`:`PORT` until SIGTERM."""

import logging
import os

from samples.listen import BadSetting, Listen, give_up, listen_from


def main() -> None:
    try:
        serve(listen_from(os.environ))
    except BadSetting as error:
        give_up(error)


def serve(listen: Listen) -> None:
    # Imported here: a second of work that a wrong PORT need not wait for.
    import uvicorn

    from samples.mcp_example.server import application

    # Before the SDK sets up logging of its own: plain lines, and no session ids among them.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s:     %(name)s: %(message)s")
    uvicorn.run(
        application(),
        host=listen.host,
        port=listen.port,
        access_log=False,
        timeout_graceful_shutdown=3,  # seconds for calls under way
    )


if __name__ == "__main__":
    main()
