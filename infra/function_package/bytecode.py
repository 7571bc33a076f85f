"""Bytecode beside the sources: Azure mounts the zip read-only, so nothing compiled there would outlive the process. Pure.

Without it every cold start compiles all it imports, which takes seconds. It is never compared with its source ("unchecked",
PEP 552): both come from one build. Another version of Python than ours passes it over and compiles.
"""

import importlib.util
import marshal
import re

_UNCHECKED = (0b01).to_bytes(4, "little")
_ANY_HASH = bytes(8)  # nobody looks at it
# A format without references between objects: in later ones they depend on what else the compiling process had in memory.
_FORMAT = 2
# Generated, thousands of files, and imported by nobody here (`functions.kube_client` says why).
_RARE = re.compile(r"/kubernetes/(?:aio/)?client/(?:models|api)/")


def is_worth_it(path: str) -> bool:
    """Whether this source is likely to be imported."""
    return path.endswith(".py") and not _RARE.search(path)


def path_of(path: str) -> str:
    """Where Python looks for the bytecode of the source at `path`."""
    folder, _, name = path.rpartition("/")
    tag = f"{name.removesuffix('.py')}.cpython-313.pyc"
    return f"{folder}/__pycache__/{tag}" if folder else f"__pycache__/{tag}"


def compiled(source: bytes, path: str) -> bytes:
    """The file of that name. Raises SyntaxError, ValueError."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + _ANY_HASH + marshal.dumps(code, _FORMAT)
