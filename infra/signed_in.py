"""signed_in: Azure's management API, asked as whoever builds the stack. One token for the whole block; asks nothing itself."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.azure.arm import SCOPE, Arm
from infra.deployer import MANAGEMENT, TokenFor


@asynccontextmanager
async def signed_in(token_for: TokenFor, endpoint: str = MANAGEMENT, *, pause: float = 1.0) -> AsyncGenerator[Arm]:
    """`endpoint` is Azure's, or what stands in for it; `pause`: seconds before a request is tried again. Raises as `token_for`."""
    token = await token_for(SCOPE)

    async def held() -> str:
        return token

    async with Arm(held, endpoint, pause) as arm:
        yield arm
