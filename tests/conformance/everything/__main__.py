"""`python -m tests.conformance.everything`: serves MCP at `/mcp` on 127.0.0.1:$PORT until SIGTERM."""

import os

import uvicorn

from tests.conformance.everything.server import application

if __name__ == "__main__":
    uvicorn.run(
        application(),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        http="h11",  # the parser that takes white space off header values, as HTTP says and the suite checks
        log_level="warning",
        timeout_graceful_shutdown=1,  # seconds
    )
