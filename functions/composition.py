"""Composition: what an entry point puts together for the control plane, found by its name in `ControlPlane__Compose`.

So the entries stay small, whichever store and cluster stand behind them: the Azure entry gets a Composition, which nobody
closes there; the container gets one in a context manager.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import cast

import msgspec
from azure.functions import FunctionApp

from functions.app import build
from functions.deployer import Deployer
from functions.reconcile import After
from functions.settings import Settings
from gateway.audit import Audit
from gateway.env import Env, SettingsError
from gateway.identity import Identify
from gateway.protected_resource import ProtectedResource
from gateway.records import Record
from gateway.store import Store
from gateway.telemetry.exporting import Telemetry

_SETTING = "ControlPlane__Compose"


class Composition(msgspec.Struct, frozen=True):
    """The three contracts the control plane stands on; what clients are told of signing in, where it tells who did what,
    how it fares, and what else follows the records."""

    store: Store[Record]
    deployer: Deployer
    identify: Identify
    protected: ProtectedResource | None = None
    audit: Audit | None = None
    telemetry: Telemetry | None = None
    after: After | None = None


type Compose = Callable[[Mapping[str, str]], object]


def composed(variables: Mapping[str, str]) -> FunctionApp:
    """The app that these variables ask for. `ControlPlane__Compose` is `package.module:function`; the function gets
    the variables and returns a Composition. Raises SettingsError naming the variable."""
    parts = _function(Env(variables).text(_SETTING))(variables)
    if not isinstance(parts, Composition):
        raise SettingsError(f"{_SETTING}: the function returned no Composition.")
    settings = Settings.from_env(variables)
    return build(
        parts.store,
        parts.deployer,
        parts.identify,
        settings,
        protected=parts.protected,
        audit=parts.audit,
        telemetry=parts.telemetry,
        after=parts.after,
        spans="internal",  # the platform's host notes each request itself
    )


@asynccontextmanager
async def opened(variables: Mapping[str, str], default: str) -> AsyncGenerator[Composition]:
    """What these variables ask for, while the block runs; `default` is the function's path where they name none.

    The function gets the variables and returns an async context manager of a Composition. Raises SettingsError.
    """
    opening = _function(Env(variables).text(_SETTING, default))(variables)
    if not isinstance(opening, AbstractAsyncContextManager):
        raise SettingsError(f"{_SETTING}: the function returned no async context manager.")
    async with cast("AbstractAsyncContextManager[object]", opening) as parts:
        if not isinstance(parts, Composition):
            raise SettingsError(f"{_SETTING}: the function opened no Composition.")
        yield parts


def _function(path: str) -> Compose:
    module, _, name = path.partition(":")
    if not module or not name:
        raise SettingsError(f"{_SETTING}: `{path}` is not of the form `package.module:function`.")
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise SettingsError(f"{_SETTING}: there is no module `{error.name}`.") from error
    if not callable(found):
        raise SettingsError(f"{_SETTING}: `{module}` has no function `{name}`.")
    return cast("Compose", found)
