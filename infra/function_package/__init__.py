"""The zip that Azure Functions runs: our own sources, the packages of the lock for Linux and Python 3.13, and bytecode. No Pulumi here.

python -m infra.function_package OUT.zip
"""

from infra.function_package.failed import PackageFailed
from infra.function_package.package import build

__all__ = ["PackageFailed", "build"]
