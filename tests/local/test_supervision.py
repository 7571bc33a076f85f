"""An instance over time: ready when its own socket listens, back after its end, said to have failed when it cannot."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.card import Card
from gateway.records import Probe
from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.listening import dial
from local.ports import Ports
from local.supervisor import Supervisor
from tests.contracts.records import adapter
from tests.local.machine import Machine, ask
from tests.local.test_ports import free_range
from tests.local.tiny.images import IMAGES, ROOT
from tests.local.waiting import holds, until


async def test_an_instance_is_handed_its_port_and_is_ready_when_it_listens_there(machine: Machine) -> None:
    (instance,) = await machine.run(adapter())
    answer = await ask(instance)
    assert answer["env"]["PORT"] == str(instance.port)
    assert 20000 <= instance.port < 30000


async def test_the_environment_of_a_process_is_exactly_this_set(machine: Machine) -> None:
    (instance,) = await machine.run(adapter(environment_variables={"MINE": "é=1 x"}))
    env = (await ask(instance))["env"]
    # Python itself puts this one in where the locale is C.
    env.pop("LC_CTYPE", None)
    assert set(env) == {"PATH", "HOME", "TMPDIR", "LANG", "PORT", "MINE"}
    assert env["MINE"] == "é=1 x"


async def test_replicas_have_a_process_a_port_and_a_uid_each(machine: Machine) -> None:
    record = adapter(replica_count=3)
    instances = await machine.run(record)
    assert len({i.port for i in instances}) == len({i.uid for i in instances}) == 3
    assert len(await machine.pids(record)) == 3


async def test_a_process_that_dies_leaves_the_catalog_within_moments_and_comes_back_under_a_new_uid(
    machine: Machine,
) -> None:
    (before,) = await machine.run(adapter())
    pid = (await ask(before))["pid"]
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    await holds(lambda: machine.instances(adapter()) == [], 5)
    assert time.monotonic() - began < 1
    (after,) = await machine.ready(adapter(), 1)
    assert after.uid != before.uid
    status = await machine.status(adapter())
    assert status.replica_status == "Healthy"
    assert status.instances[0].restarts == 1


async def test_the_other_instances_go_on_when_one_dies(machine: Machine) -> None:
    record = adapter(replica_count=3)
    before = await machine.run(record)
    os.kill((await ask(before[1]))["pid"], signal.SIGKILL)
    await holds(lambda: len(machine.instances(record)) == 2)
    after = await machine.ready(record, 3)
    assert len({i.uid for i in before} & {i.uid for i in after}) == 2


async def test_a_server_started_through_a_wrapper_is_ready(machine: Machine) -> None:
    record = adapter(image_name="wraps")
    (instance,) = await machine.run(record)
    assert (await ask(instance))["parent"] != os.getpid()


async def test_somebody_elses_server_on_the_port_does_not_make_an_instance_ready(machine: Machine) -> None:
    record = adapter(image_name="idles")
    await machine.deployer.apply(record)
    reason = await machine.reason(record, "not listening on port ")
    port = reason.split("port ")[1].split(" ")[0]
    command = [sys.executable, "-S", "-m", "tests.local.tiny.listens"]
    stranger = subprocess.Popen(
        command, cwd=ROOT, env={"PORT": port}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await holds(lambda: dial(stranger.pid, int(port)) is not None)
        # Longer than the longest pause between two looks, several times.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await machine.ready(record, 1)
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_server_on_another_port_is_told_which_one_it_must_use(machine: Machine) -> None:
    record = adapter(image_name="wrong-port")
    await machine.deployer.apply(record)
    assert "but must on $PORT" in await machine.reason(record, "it listens on ")


async def test_with_a_probe_an_instance_is_ready_when_that_is_answered(machine: Machine, tmp_path: Path) -> None:
    well = {"WELL": str(tmp_path / "well")}
    record = adapter(image_name="unwell", environment_variables=well, probe=Probe("/healthz"))
    await machine.deployer.apply(record)
    await machine.reason(record, "GET /healthz is not answered")
    (tmp_path / "well").touch()
    await machine.ready(record, 1)


async def test_after_five_ends_in_a_row_the_card_says_failed_with_code_and_last_line(machine: Machine) -> None:
    record = adapter(image_name="crashes")
    await machine.deployer.apply(record)
    await holds(lambda: card(machine).state == "failed")
    assert card(machine).reason == "exited with code 3: no such flavour"
    status = await machine.status(record)
    assert status.replica_status == "Degraded: 0/1 ready"
    assert status.instances[0].restarts >= 4
    assert status.instances[0].reason == card(machine).reason


async def test_what_failed_is_tried_on_and_clears_the_card_when_it_is_ready(machine: Machine, tmp_path: Path) -> None:
    record = adapter(image_name="crashes", environment_variables={"WELL": str(tmp_path / "well")})
    await machine.deployer.apply(record)
    await holds(lambda: card(machine).state == "failed")
    (tmp_path / "well").touch()
    await machine.ready(record, 1)
    assert (card(machine).state, card(machine).reason) == ("", "")


async def test_a_command_that_cannot_be_executed_has_failed_at_once(machine: Machine) -> None:
    began = time.monotonic()
    record = adapter(image_name="missing")
    await machine.deployer.apply(record)
    await holds(lambda: card(machine).state == "failed")
    assert time.monotonic() - began < 2  # five ends in a row take longer
    assert card(machine).reason == "cannot be started: No such file or directory: /no/such/program"
    assert "cannot be started" in await machine.printed(record, "cannot")


async def test_one_replica_that_serves_keeps_the_card_from_failing(machine: Machine, tmp_path: Path) -> None:
    well = tmp_path / "well"
    well.touch()
    record = adapter(image_name="crashes", environment_variables={"WELL": str(well)}, replica_count=2)
    first, _ = await machine.run(record)
    well.unlink()
    os.kill((await ask(first))["pid"], signal.SIGKILL)
    await until(lambda: machine.status(record), lambda s: any(i.restarts >= 5 for i in s.instances))
    assert card(machine).state == ""
    assert (await machine.status(record)).replica_status == "Degraded: 1/2 ready"


async def test_logs_of_the_process_before_the_restart_are_kept(machine: Machine) -> None:
    record = adapter(image_name="echoes")
    (instance,) = await machine.run(record)
    await ask_only(instance.host, instance.port, "/die")
    await holds(lambda: machine.instances(record) == [])
    assert "/die\n" in await machine.printed(record, "/die", previous=True)
    assert "/die" not in (await machine.printed(record, ""))


async def test_a_flood_of_output_is_bounded_on_disk(machine: Machine) -> None:
    record = adapter(image_name="echoes")
    (instance,) = await machine.run(record)
    for _ in range(12):
        await ask_only(instance.host, instance.port, "/flood")
    await ask_only(instance.host, instance.port, "/after")
    await machine.printed(record, "/after", tail=5)
    files = machine.files("adapter", "one")
    assert {path.name for path in files} == {"adapter-one-0.log", "adapter-one-0.log.1"}
    assert sum(path.stat().st_size for path in files) < 11 * 2**20


async def test_without_a_port_an_instance_says_so_and_the_others_still_start(home: Home) -> None:
    ports = free_range(2)
    view = View(synced=True)
    supervisor = Supervisor(home, view, Ports(ports))
    machine = Machine(home, view, supervisor, LocalDeployer(supervisor, view, IMAGES, home))
    record = adapter(replica_count=24)  # more than may start at the same time
    await machine.deployer.apply(record)
    await machine.ready(record, 2)
    reasons = [i.reason for i in (await machine.status(record)).instances if not i.ready]
    assert reasons == [f"cannot be started: all ports from {ports[0]} to {ports[1]} are in use"] * 22
    await machine.deployer.apply(adapter(replica_count=1, generation=2))
    await machine.ready(record, 1)
    await machine.run(adapter("two", image_name="echoes"))
    await supervisor.close()


async def ask_only(host: str, port: int, path: str) -> None:
    """A request whose answer may never come."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
    await reader.read()
    writer.close()


def card(machine: Machine) -> Card:
    listing = machine.view.get("adapter", "one")
    assert listing
    return listing.card
