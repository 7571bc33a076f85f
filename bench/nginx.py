"""nginx as a reverse proxy of the same upstream: the yardstick. One worker, keep-alive both ways, nothing logged, nothing buffered."""

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

from bench.child import HOST, Child, free_port, running

# `master_process off`: the process that listens is the worker, so that its CPU is all of nginx's.
# `proxy_buffering off`: a proxy of event streams has to send what arrived at once.
_CONFIG = """
daemon off;
master_process off;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    tcp_nodelay on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream pod {{
        server {host}:{upstream};
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    server {{
        listen {host}:{port} backlog=4096;
        location /adapters/bench/mcp {{
            proxy_pass http://pod/mcp;
            proxy_http_version 1.1;
            proxy_set_header Host localhost:{upstream};
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(upstream: int, files: int) -> Generator[Child]:
    """nginx in front of the upstream's port; `files` is how many connections it may hold."""
    with tempfile.TemporaryDirectory(prefix="mcp-gateway-bench-") as folder:
        config, port = Path(folder, "nginx.conf"), free_port()
        config.write_text(_CONFIG.format(folder=folder, host=HOST, port=port, upstream=upstream, files=files))
        with running("nginx", ["nginx", "-e", "stderr", "-p", folder, "-c", str(config)], port) as child:
            yield child
