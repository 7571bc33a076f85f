"""The mini host's habits, and that an app in it sees its own packages alone."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.functions.mini_host.serving import serving
from tests.functions.mini_host.worker import PACKAGES
from tests.functions.mini_host.worker_process import Failed
from tests.functions.mini_host.wwwroot import linked
from tests.local.waiting import holds

ROOT = Path(__file__).parents[3]
_APP = '''
import asyncio, json, os, sys
from pathlib import Path
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="things/{name}/Parts", methods=["GET", "POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = [req.method, req.route_params["name"], dict(req.params), req.headers.get("x-thing"), len(req.get_body())]
    return func.HttpResponse(repr(told), status_code=201, headers={"X-Url": req.url})

@app.route(route="meet", methods=["GET"])
async def meet(req: func.HttpRequest) -> func.HttpResponse:
    """Answers once two have come."""
    met.append(req)
    while len(met) < 2:
        await asyncio.sleep(0.01)
    return func.HttpResponse(status_code=204)

@app.route(route="broken", methods=["GET"])
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret")

@app.route(route="path", methods=["GET"])
async def path(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps([sys.path, sorted(os.environ), "pytest" in sys.modules]))

@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    with Path("ticks").open("a") as file:
        file.write(f"{timer.past_due}\\n")

met = []
'''


def deployed(folder: Path, app: str = _APP) -> Path:
    wwwroot = linked(folder / "wwwroot")
    (wwwroot / "function_app.py").write_text(app)
    return wwwroot


@pytest.fixture
async def url(tmp_path: Path) -> AsyncGenerator[str]:
    async with serving(deployed(tmp_path), {"TOLD": "x"}, tmp_path) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncGenerator[ClientSession]:
    async with ClientSession(url) as session:
        yield session


async def test_requests_reach_functions_and_failures_their_clients_as_on_the_platform(client: ClientSession) -> None:
    asked = client.post("/THINGS/a%20b/parts/?x=1&y=&x=2", data=b"12345", headers={"X-Thing": "t"})
    async with asked as reply:
        assert reply.status == 201
        assert await reply.text() == repr(["POST", "a b", {"x": "1,2"}, "t", 5])
        assert "/THINGS/a%20b/parts/?x=1" in reply.headers["X-Url"]
    for method, path in (("PUT", "/things/a/Parts"), ("HEAD", "/things/a/Parts"), ("GET", "/things"), ("GET", "/")):
        async with client.request(method, path) as reply:
            assert (reply.status, await reply.read()) == (404, b""), path
    async with client.get("/broken") as reply:
        assert (reply.status, await reply.read()) == (500, b"")


async def test_requests_run_beside_one_another(client: ClientSession) -> None:
    async with asyncio.timeout(20):
        assert [reply.status for reply in await asyncio.gather(*(client.get("/meet") for _ in range(2)))] == [204, 204]


async def test_app_sees_its_own_packages_and_variables_alone(client: ClientSession) -> None:
    async with client.get("/path") as reply:
        paths, told, has_pytest = await reply.json(content_type=None)
    assert paths[0].endswith(PACKAGES)
    assert paths[2].endswith("wwwroot")
    assert not [path for path in paths[3:] if "site-packages" in path]
    assert set(told) - {"LC_CTYPE"} == {"TOLD", "PATH"}
    assert not has_pytest


async def test_timer_goes_off_when_the_host_is_told_to(client: ClientSession, tmp_path: Path) -> None:
    for name, status in (("tick", 202), ("echo", 404), ("other", 404)):
        async with client.post(f"/admin/functions/{name}") as reply:
            assert reply.status == status
    assert (tmp_path / "wwwroot/ticks").read_text() == "False\n"


async def test_timer_goes_off_by_the_clock(tmp_path: Path) -> None:
    async with serving(deployed(tmp_path), {}, tmp_path, every=0.05):
        ticks = tmp_path / "wwwroot/ticks"
        await holds(lambda: ticks.exists() and len(ticks.read_text().splitlines()) > 1)


async def test_it_serves_as_a_process_of_its_own_until_term(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.functions.mini_host", str(deployed(tmp_path)), "--folder", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(30):
        url = (await process.stdout.readline()).decode().split()[-1]
        async with ClientSession() as session, session.get(f"{url}/path") as reply:
            assert reply.status == 200
        process.terminate()
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("app", "why"),
    [("import nowhere", "No module named 'nowhere'"), ("x = 1", "Could not find top level function app")],
)
async def test_app_that_cannot_be_indexed_is_said_as_the_platform_would(tmp_path: Path, app: str, why: str) -> None:
    with pytest.raises(Failed, match=why):
        async with serving(deployed(tmp_path, app), {}, tmp_path):
            pass
