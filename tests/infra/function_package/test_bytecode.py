"""Bytecode that goes with the sources: taken by Python as it is, and the same whoever compiles."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.function_package import bytecode
from infra.function_package.sources import ROOT

_SOURCE = b'"""Doc."""\nTHING = {"a", "b", "c", "d"}\n\n\ndef answer(x):\n    return x in {"a", "b", "c"} or 1.5\n'
_COMPILING = """
import sys
from infra.function_package import bytecode
sys.stdout.buffer.write(bytecode.compiled(sys.stdin.buffer.read(), "a/b.py"))
"""


def test_python_runs_it_without_a_look_at_the_source(tmp_path: Path) -> None:
    (tmp_path / "thing.py").write_text("VALUE = 'source'")
    compiled = tmp_path / bytecode.path_of("thing.py")
    compiled.parent.mkdir()
    compiled.write_bytes(bytecode.compiled(b"VALUE = 'compiled'", "thing.py"))
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import thing; print(thing.VALUE, thing.__cached__)"
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["compiled", str(compiled)]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_bytes_are_the_same_in_every_process(seed: str) -> None:
    told = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", _COMPILING]
    done = subprocess.run(command, input=_SOURCE, capture_output=True, check=True, cwd=ROOT, env=told)
    assert done.stdout == bytecode.compiled(_SOURCE, "a/b.py")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("gateway/env.py", True),
        ("function_app.py", True),
        (".python_packages/lib/site-packages/kubernetes/aio/client/api_client.py", True),
        (".python_packages/lib/site-packages/kubernetes/aio/client/models/v1_pod.py", False),
        (".python_packages/lib/site-packages/kubernetes/client/api/core_v1_api.py", False),
        ("host.json", False),
    ],
)
def test_what_nobody_imports_is_not_compiled(path: str, expected: bool) -> None:
    assert bytecode.is_worth_it(path) is expected
