"""Every image as the cluster runs it: restricted pods of it start, and leave nothing to be written where they run."""

import json
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.cluster.access import Cluster
from tests.cluster.images import images
from tests.cluster.pods import namespace, pod
from tests.cluster.published import Published
from tests.cluster.recipes import BASE, fakes, platform, samples

type Json = dict[str, Any]

SPACE = "images"
OURS = [recipe.image for recipe in (*platform(), *samples()) if not recipe.image.startswith("postgres:")]
SERVERS = ["mcp-example:1.0.0", "weather-tool:1.0.0", "recorder:1.0.0", "tool:1.0.0", "everything:1.0.0", "listens:1"]
ENTRIES = {"mcpgateway": "proxy", "toolgateway": "tool_router", "control-plane": "functions"}
LARGEST = 50e6  # bytes beside the base, as pulled; the bridge, which brings Node and git, aside
# What the image's own user finds: who it is, what it could write, which modules were not compiled.
LOOK = """
import importlib.util, json, os, sys
writable = [path for path, _, _ in os.walk("/") if not path.startswith(("/proc", "/sys", "/dev")) and os.access(path, os.W_OK)]
writable += [os.path.join(path, file) for top in ("/app", "/venv") for path, _, files in os.walk(top) for file in files
             if os.access(os.path.join(path, file), os.W_OK) and not os.path.islink(os.path.join(path, file))]
bare = [os.path.join(path, file) for top in ("/app", "/venv/lib") for path, _, files in os.walk(top) for file in files
        if file.endswith(".py") and not os.path.exists(importlib.util.cache_from_source(os.path.join(path, file)))]
here = [entry for entry in os.listdir("/app")]
print(json.dumps({"user": os.getuid(), "writable": writable, "bare": bare, "here": here, "tests": os.path.exists("/app/tests"),
                  "tools": [tool for tool in ("uv", "pip", "gcc") if any(os.access(os.path.join(path, tool), os.X_OK)
                            for path in os.environ["PATH"].split(":"))]}))
"""
TRIED = {"/tmp", "/var/tmp", "/run/lock", "/var/lock"}  # what Debian leaves to everybody


@pytest.fixture(scope="module")
def pushed(cluster: Cluster) -> dict[str, Published]:
    """What the registry has, all of it."""
    return images(cluster.registry)


@pytest.fixture(scope="module")
def space(cluster: Cluster, pushed: dict[str, Published]) -> Generator[str]:
    """A namespace for these pods."""
    assert pushed
    cluster.apply(namespace(SPACE))
    until(lambda: cluster.tried("-n", SPACE, "get", "serviceaccount", "default").returncode == 0, 30)
    yield SPACE
    cluster.kubectl("delete", "namespace", SPACE, "--wait=false")


def test_every_image_that_a_journey_deploys_is_there(pushed: dict[str, Published]) -> None:
    assert {recipe.image for recipe in (*samples(), *fakes(), *platform())} <= pushed.keys()


@pytest.mark.parametrize("image", [image for image in OURS if not image.startswith("mcp-proxy")])
def test_image_is_small(pushed: dict[str, Published], image: str) -> None:
    own = pushed[image].beside(pushed[BASE])
    print(f"{image}: {own / 1e6:.1f} MB beside the base")
    assert own < LARGEST


@pytest.mark.parametrize("image", [*OURS, "mcp-fakes:1"])
def test_user_of_an_image_can_write_nothing_and_everything_is_compiled(
    cluster: Cluster, space: str, image: str
) -> None:
    found = json.loads(_end(cluster, _pod(cluster, image, "look", ("python", "-c", LOOK))))
    assert found["user"] == 1100
    assert set(found["writable"]) <= TRIED
    assert found["bare"] == []
    assert image.startswith("mcp-proxy") or found["tools"] == []  # the bridge starts servers with uv's `uvx`


@pytest.mark.parametrize("image", OURS)
def test_image_holds_its_own_rooms_only(cluster: Cluster, space: str, image: str) -> None:
    found = json.loads(_end(cluster, _pod(cluster, image, "look", ("python", "-c", LOOK))))
    room = ENTRIES.get(image.partition(":")[0])
    assert sorted(found["here"]) == (sorted({"gateway", room}) if room else ["samples"])


@pytest.mark.parametrize("image", [image for image in OURS if image.partition(":")[0] in ENTRIES])
def test_process_of_a_room_says_which_setting_it_lacks(cluster: Cluster, space: str, image: str) -> None:
    """Its own command starts, on a read-only root, with nothing of the room missing from the image."""
    said = _end(cluster, _pod(cluster, image, "bare", ()), phase="Failed")
    assert "ModuleNotFoundError" not in said
    assert "Traceback" not in said
    assert said.strip()


@pytest.mark.parametrize("image", SERVERS)
def test_server_listens_in_a_pod_and_ends_on_a_signal(cluster: Cluster, space: str, image: str) -> None:
    served = _pod(cluster, image, "serve", ())
    served["spec"]["terminationGracePeriodSeconds"] = 30
    served["spec"]["containers"][0]["readinessProbe"] = {"tcpSocket": {"port": 8000}, "periodSeconds": 1}
    cluster.apply(served)
    name = served["metadata"]["name"]
    cluster.kubectl("-n", SPACE, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
    begun = time.monotonic()
    cluster.kubectl("-n", SPACE, "delete", "pod", name, "--timeout=60s")
    assert time.monotonic() - begun < 15, "it was killed, half a minute after it was asked"


def _pod(cluster: Cluster, image: str, what: str, command: tuple[str, ...]) -> Json:
    """A restricted pod of the image, on a read-only root where the image's own command runs. The user is the image's."""
    made = pod(cluster, SPACE, f"{what}-{image.replace(':', '-').replace('.', '-')}", command, image)
    spec: Json = made["spec"]
    del spec["securityContext"]["runAsUser"]
    spec["restartPolicy"] = "Never"
    main: Json = spec["containers"][0]
    del main["workingDir"]
    main["imagePullPolicy"] = "Always"  # what was pushed now, not what an earlier run left on the node
    main["securityContext"]["readOnlyRootFilesystem"] = not command  # what may be written is asked of the files' modes
    main["env"] = [{"name": "PORT", "value": "8000"}]
    main["resources"]["limits"]["memory"] = "256Mi"
    if not command:
        del main["command"]
    return made


def _end(cluster: Cluster, made: Json, phase: str = "Succeeded") -> str:
    """What a pod says until it ends that way."""
    name = made["metadata"]["name"]
    cluster.apply(made)
    cluster.kubectl("-n", SPACE, "wait", f"--for=jsonpath={{.status.phase}}={phase}", f"pod/{name}", "--timeout=120s")
    return cluster.kubectl("-n", SPACE, "logs", name)


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Raises AssertionError after so many."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)  # asked again: kubectl does not wait for what is not there yet
