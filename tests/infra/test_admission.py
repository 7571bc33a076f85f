"""Admission: a new cluster is asked, over TLS and as oneself, until its authorizer has heard of the role."""

import base64
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.admission import SCOPE, admitted
from infra.kubeconfig import ApiServer
from infra.waiting import Patience, TooLate
from tests.azure.certificate import issue
from tests.infra.function_site import token_for

QUICK = Patience(seconds=5, pause=0.01, word=0)
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@asynccontextmanager
async def api(folder: Path, answers: list[int | bool], *, known: bool = True) -> AsyncGenerator[ApiServer]:
    """An API server that gives these answers; `known`: by the authority it hands out."""

    async def review(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer of {SCOPE}"
        asked: Any = await request.json()
        assert asked["spec"]["resourceAttributes"]["verb"] == "create"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, bool):
            return web.json_response({"status": {"allowed": answer}}, status=201)
        return web.Response(status=answer)

    ca, certificate, key = issue(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    app = web.Application()
    app.router.add_post(REVIEW, review)
    handed_out = ca if known else issue(folder / "other")[0]
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    try:
        url = str(server.make_url("/")).rstrip("/")
        yield ApiServer(url, base64.b64encode(handed_out.read_bytes()).decode())
    finally:
        await server.close()


async def test_it_is_asked_until_the_role_has_arrived(tmp_path: Path) -> None:
    said: list[str] = []
    async with api(tmp_path, [401, 503, False, True]) as server:
        await admitted(server, token_for, said.append, QUICK)
    assert any("has not arrived" in text for text in said)


async def test_it_is_not_asked_for_ever(tmp_path: Path) -> None:
    async with api(tmp_path, [False]) as server:
        with pytest.raises(TooLate, match="has not arrived"):
            await admitted(server, token_for, lambda _: None, Patience(seconds=0.05, pause=0.01))


async def test_a_server_of_another_authority_gets_no_token(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with api(tmp_path, [True], known=False) as server:
        with pytest.raises(TooLate, match="cannot be reached"):
            await admitted(server, token_for, lambda _: None, Patience(seconds=0.05, pause=0.01))
