"""The table of public routes: what everybody who reads it may rely on."""

import re

from gateway.errors import GatewayError
from gateway.operations import OPERATIONS


def test_ids_and_routes_are_there_once() -> None:
    ids = [operation.id for operation in OPERATIONS]
    routes = [(operation.method, operation.path) for operation in OPERATIONS]

    assert len(set(ids)) == len(ids)
    assert len(set(routes)) == len(routes)


def test_ids_are_names_a_function_can_have() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]{0,62}", operation.id) for operation in OPERATIONS)


def test_adapters_and_tools_have_the_same_seven_verbs() -> None:
    def verbs(many: str) -> set[tuple[str, str]]:
        return {(o.method, o.path.removeprefix(f"/{many}")) for o in OPERATIONS if o.tag == many}

    assert verbs("adapters") == verbs("tools")
    assert len(verbs("adapters")) == 7


def test_every_placeholder_is_a_parameter() -> None:
    for operation in OPERATIONS:
        placeholders = set(re.findall(r"{(\w+)}", operation.path))
        assert {parameter.name for parameter in operation.parameters if parameter.where == "path"} == placeholders


def test_every_error_is_one_of_the_tree() -> None:
    statuses = {error.status for error in GatewayError.__subclasses__()} | {GatewayError.status}
    for operation in OPERATIONS:
        assert set(operation.errors) <= statuses
        assert len(set(operation.errors)) == len(operation.errors)
        assert operation.anonymous == (401 not in operation.errors)


def test_mcp_is_spoken_to_adapters_and_to_the_tool_router_alike() -> None:
    def verbs(path: str) -> set[tuple[str, str, bool, bool]]:
        return {(o.method, o.room, o.anonymous, o.open) for o in OPERATIONS if o.path == path}

    assert verbs("/mcp") == verbs("/adapters/{name}/mcp")
    assert {method for method, _, _, _ in verbs("/mcp")} == {"POST", "GET", "DELETE"}


def test_sessions_at_the_tool_router_are_never_ended() -> None:
    (delete,) = [o for o in OPERATIONS if o.id == "delete_mcp"]

    assert [answer.status for answer in delete.answers] == [405]
    assert 405 not in delete.errors


def test_routes_of_later_steps_do_not_exist_yet() -> None:
    paths = {operation.path for operation in OPERATIONS}

    assert not [path for path in paths if path.startswith(("/sessions", "/agents"))]
