"""The environment of an instance: what its record says, and on one's own machine little else."""

import pytest

from tests.journeys.caller import Caller, adapter
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Json
from tests.journeys.waiting import until

GIVEN = {"PATH", "HOME", "TMPDIR", "LANG", "PORT"}
OF_THE_IMAGE = {"PYTHONUNBUFFERED"}
# What a Python of today sets for itself where LANG asks for nothing better.
BY_PYTHON = {"LC_CTYPE"}


async def test_variable_taken_off_a_record_is_gone_from_its_instances(caller: Caller) -> None:
    name = await caller.serving("recorder", environmentVariables={"KEPT": "1", "REMOVED": "2"})
    client = Client(caller, name, modern=True)
    before = await client.call("env")
    assert (before["KEPT"], before["REMOVED"]) == ("1", "2")
    body = adapter("recorder", name=name, environmentVariables={"KEPT": "new"})
    assert (await caller.put(f"/adapters/{name}", body)).status == 200

    async def environment() -> Json:
        reply = await client.calling("env")
        return reply.json["result"]["structuredContent"] if reply.status == 200 else {}

    after = await until(environment, lambda seen: seen.get("KEPT") == "new")
    assert "REMOVED" not in after


async def test_instance_inherits_nothing_of_the_gateways_own_environment(gateway: Gateway, caller: Caller) -> None:
    if not gateway.embedded:
        pytest.skip("a pod's environment has more: its cluster adds to it")
    name = await caller.serving("recorder", environmentVariables={"OWN": "1"})
    seen = await Client(caller, name, modern=True).call("env")
    assert seen.keys() - BY_PYTHON == GIVEN | OF_THE_IMAGE | {"OWN"}
