"""The command: prints the script, or has `sh` run it. Ends as the script ends; 2 for wrong arguments."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from infra.bootstrap.script import script
from infra.bootstrap.wish import Wish, WrongWish

_NO_AZ = "`az` is not on the PATH: https://learn.microsoft.com/cli/azure/install-azure-cli"


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        wish = Wish.checked(given.label, given.location, given.github, given.subscription)
    except WrongWish as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.dry_run:
        sys.stdout.write(script(wish))
        return 0
    if subprocess.run(["sh", "-c", "command -v az"], stdout=subprocess.DEVNULL, check=False).returncode:
        sys.stderr.write(f"{_NO_AZ}\n")
        return 1
    return subprocess.run(["sh", "-c", script(wish)], check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bootstrap", description="Where Pulumi keeps its state.")
    add = parser.add_argument
    add("--label", required=True, help="names begin with it; unique in all of Azure (3 to 18 of a-z, 0-9)")
    add("--location", required=True, help="such as westus3")
    add("--github", default="", metavar="OWNER/REPOSITORY", help="identities for its workflows too")
    add("--subscription", default="", metavar="ID", help="(default: the one that `az` has chosen)")
    add("--dry-run", action="store_true", help="print what would be run, and run nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
