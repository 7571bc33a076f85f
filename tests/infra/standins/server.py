# ruff: noqa: N802  methods bear the names of the engine's protocol
"""Server: the engine's provider protocol in front of a package. Numbers, secrets and what is not known are dealt with here."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.infra.standins.made import Made, previewed
from tests.infra.standins.package import Found, Package, Refused
from tests.infra.standins.wire import has_unknown, received, secret_paths, sent

_AT_ONCE = 16


def serve(package: Package, version: str) -> None:
    """Prints the port and serves until the engine ends the process. `version`: that of the package stood in for."""
    server = grpc.server(ThreadPoolExecutor(_AT_ONCE))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Server(package, version), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


class Server(provider_pb2_grpc.ResourceProviderServicer):
    """Every request is on a thread of its own."""

    def __init__(self, package: Package, version: str) -> None:
        self._package, self._version = package, version
        self._configuring = threading.Lock()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        before, after = received(request.old_inputs), received(request.news)
        return _differences([name for name in {*before, *after} if before.get(name) != after.get(name)], [])

    def Configure(self, request: Any, context: Any) -> Any:
        with self._configuring:
            self._do(context, lambda: self._package.configure(received(request.args)))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: Any, context: Any) -> Any:
        problems = self._package.problems(request.type, received(request.news))
        failures = [provider_pb2.CheckFailure(property=_place(one), reason=one) for one in problems]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        before, after = received(request.old_inputs), received(request.news)
        ignored = {path.partition(".")[0] for path in request.ignoreChanges}
        changed = [name for name in {*before, *after} - ignored if before.get(name) != after.get(name)]
        return _differences(changed, self._package.replacing(request.type, before, after))

    def Create(self, request: Any, context: Any) -> Any:
        inputs = received(request.properties)
        if request.preview:
            foreseen = _told(Made("", previewed(inputs)), request.properties)
            return provider_pb2.CreateResponse(id="", properties=foreseen)
        assert not has_unknown(inputs), f"{request.urn}: an unknown value outside a preview"
        made = self._do(context, lambda: self._package.make(request.type, request.urn, inputs))
        return provider_pb2.CreateResponse(id=made.id, properties=_told(made, request.properties))

    def Update(self, request: Any, context: Any) -> Any:
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_foreseen(request))
        inputs = received(request.news)
        made = self._do(context, lambda: self._package.change(request.type, request.urn, request.id, inputs))
        return provider_pb2.UpdateResponse(properties=_told(made, request.news))

    def Read(self, request: Any, context: Any) -> Any:
        known = Found(received(request.inputs), received(request.properties))
        found = self._do(context, lambda: self._package.read(request.type, request.id, known))
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, outputs = (
            _told(Made("", found.inputs), request.inputs),
            _told(Made("", found.outputs), request.properties),
        )
        return provider_pb2.ReadResponse(id=request.id, inputs=inputs, properties=outputs)

    def Delete(self, request: Any, context: Any) -> Any:
        self._do(context, lambda: self._package.remove(request.type, request.id))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        answer = self._do(context, lambda: self._package.invoke(request.tok, received(request.args)))
        returned: Any = {"return": sent(answer)}  # a name that Python keeps for itself
        return provider_pb2.InvokeResponse(**returned)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _do(self, context: Any, work: Any) -> Any:
        """What was refused ends the call with the refusal's words; what broke, with its own."""
        try:
            return work()
        except Refused as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Exception as error:
            print(f"stand-in: {error!r}", file=sys.stderr, flush=True)
            raise


def _told(made: Made, asked: Struct) -> Struct:
    """What was secret on its way in is secret on its way out."""
    hidden = {path.partition(".")[0] for path in secret_paths(asked)}
    return sent(made.outputs, (*made.secrets, *hidden))


def _foreseen(request: Any) -> Struct:
    """An update in a preview: what stays as it is stays known."""
    before, after = received(request.olds), received(request.news)
    return _told(Made("", before | previewed(after)), request.news)


def _differences(changed: list[str], replacing: list[str]) -> Any:
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some, diffs=changed, replaces=replacing, deleteBeforeReplace=bool(replacing)
    )


def _place(problem: str) -> str:
    """The property that a problem begins with."""
    return problem.partition(":")[0] if ": " in problem else ""
