"""The zip that Azure runs, as the control plane of a real cluster: those journeys whose outcome depends on who calls."""

import asyncio
from pathlib import Path

import pytest

from infra.function_package import build
from tests.azure.cloud import Cloud
from tests.cluster import pki
from tests.cluster.function_zip import outside
from tests.cluster.platform import Platform
from tests.cluster.test_journeys import ABOUT_CALLERS, FILES, journeys
from tests.fakes.identity_provider import IdentityProvider
from tests.functions.mini_host.wwwroot import unzipped
from tests.journeys import minting


async def test_journeys_about_callers_pass_with_the_zip_as_control_plane(platform: Platform, tmp_path: Path) -> None:
    node = platform.cluster.node
    if node is None:
        pytest.skip("this machine is not the cluster's: its proxies do not reach a control plane here")
    tls = pki.serving(node.layout, "identity-provider", node.layout.outside)
    wwwroot = unzipped(await asyncio.to_thread(build, tmp_path), tmp_path / "wwwroot")
    with IdentityProvider(host=node.layout.outside, tls=tls) as provider, Cloud(provider, tmp_path) as cloud:
        tokens = tmp_path / "tokens.json"
        minting.of(provider).write(tokens)
        told = {"JOURNEY_IDENTITY": "tokens", "JOURNEY_TOKENS": str(tokens)}
        async with outside(platform, node.layout, cloud, wwwroot, tmp_path):
            files = [file for file in FILES if file.stem in ABOUT_CALLERS]
            await asyncio.to_thread(journeys, platform, tmp_path, files, told)
        assert cloud.cosmos.asked, "the records were somewhere else"
