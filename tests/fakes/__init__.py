"""Small real servers to stand behind the gateway: one that records, and one for each way to misbehave.

Each module runs by itself: `python -m tests.fakes.recorder` listens on 127.0.0.1:$PORT. `images` names them for a gateway.
"""
