"""The command: reads arguments, does one thing, says how it ended. 0: done; 1: not; 2: wrong arguments; 130: interrupted."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from infra.ephemeral.arguments import WrongArgument, configuration, parser
from infra.ephemeral.command import Command, Interrupted, say
from infra.ephemeral.smoke import Journey, SmokeError, smoke
from infra.ephemeral.stacks import ROOT, Program, StackError, Stacks
from infra.ephemeral.sweep import sweep
from infra.ephemeral.tokens import token

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None, program: Program | None = None) -> int:
    """`program` is the one to deploy, where it is not the project's own."""
    given = parser().parse_args(arguments)
    try:
        return {"up": _up, "smoke": _smoke, "destroy": _destroy, "sweep": _sweep}[given.command](given, program)
    except WrongArgument as error:
        say(str(error))
        return 2
    except (StackError, SmokeError) as error:
        say(str(error))
        return 1
    except (Interrupted, KeyboardInterrupt, asyncio.CancelledError):
        say("Interrupted.")
        return _INTERRUPTED


def _up(given: argparse.Namespace, program: Program | None) -> int:
    config = configuration(given.stack, ROOT / f"Pulumi.{given.like}.yaml", given.config)
    with _stacks(given, program) as stacks:
        outputs = stacks.up(given.stack, config, datetime.now(UTC) + given.ttl)
    for name, value in sorted(outputs.items()):
        sys.stdout.write(f"{name}={value}\n")
    return 0


def _destroy(given: argparse.Namespace, program: Program | None) -> int:
    with _stacks(given, program) as stacks:
        stacks.destroy(given.stack)
    return 0


def _sweep(given: argparse.Namespace, program: Program | None) -> int:
    with _stacks(given, program) as stacks:
        failed = sweep(stacks, datetime.now(UTC), given.ttl, say)
    if failed:
        say(f"Still there: {', '.join(failed)}.")
    return 1 if failed else 0


def _smoke(given: argparse.Namespace, program: Program | None) -> int:
    url, client = given.url, given.client_id
    if given.stack:
        with _stacks(given, program) as stacks:
            outputs = stacks.outputs(given.stack)
        url, client = str(outputs.get("url", "")), client or str(outputs.get("clientId", ""))
        if not url:
            raise StackError(f"{given.stack} has no output `url`: its `up` has not come to its end.")
    journey = Journey(
        url=url, seconds=given.seconds, image=given.image, token=token(client), certificates=not given.insecure
    )
    asyncio.run(_interruptible(journey))
    say("The journey is complete.")
    return 0


async def _interruptible(journey: Journey) -> None:
    """What it registered is deleted whichever way it ends."""
    task = asyncio.ensure_future(smoke(journey, say))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await task


def _stacks(given: argparse.Namespace, program: Program | None) -> Stacks:
    try:
        command = Command()
    except FileNotFoundError:
        raise StackError("`pulumi` is not on the PATH: https://www.pulumi.com/docs/iac/download-install/") from None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: command.interrupt())
    return Stacks(program or _own, command, say, secrets_provider=getattr(given, "secrets_provider", ""))


def _own() -> None:
    from infra.program import main as program  # imports all of the providers' SDKs, which nothing but `up` needs

    program()


if __name__ == "__main__":
    sys.exit(main())
