"""Builds every image that the cluster tests need and pushes it, unless the registry has it from the same inputs.

    python -m tests.cluster.images --registry 10.123.0.1:5000 [names…]

Names are those of `recipes`, with or without a version; none: all. What they stand on is built as well.
"""

import argparse
import fcntl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import buildah
from tests.cluster.base import BaseError, base
from tests.cluster.cache import folder as cache
from tests.cluster.published import Published, published
from tests.cluster.recipes import BASE, HERE, Recipe, fakes, foundations, platform, samples
from tests.cluster.variant import vary

INPUTS = "mcp-gateway.inputs"  # the label with the hash of what an image was made of

_AT_ONCE = 2  # builds; each waits for the network half of its time


class Unknown(Exception):
    """No recipe has such a name; the message is the name."""


def images(registry: str, names: Iterable[str] = ()) -> dict[str, Published]:
    """What the registry has by name, once it has all that is asked for (none: everything). Prints a line per image.

    Raises Unknown, BaseError, BuildError, and OSError when the registry does not answer.
    """
    # Who builds at the same time waits, and finds it done.
    with tempfile.TemporaryDirectory() as folder, (cache() / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        buildah.sweep()
        known = {recipe.image: recipe for recipe in recipes(pause(Path(folder)))}
        chosen = wanted(known, list(names))
        inputs: dict[str, str] = {"": ""}
        for recipe in chosen:
            inputs[recipe.image] = recipe.inputs(inputs[recipe.on])
        return _published(registry, chosen, inputs)


def recipes(pause: Path) -> list[Recipe]:
    """All of them; one that another stands on comes first."""
    return [*foundations(base(), pause), *platform(), *samples(), *fakes()]


def wanted(known: dict[str, Recipe], names: list[str]) -> list[Recipe]:
    """The recipes of these names, and those they stand on, in the order of `known`. Raises Unknown."""
    chosen = set(known) if not names else {image for name in names for image in _named(known, name)}
    for recipe in reversed(known.values()):
        if recipe.image in chosen and recipe.on:
            chosen.add(recipe.on)
    return [recipe for recipe in known.values() if recipe.image in chosen]


def waves(chosen: list[Recipe]) -> Iterator[list[Recipe]]:
    """The recipes of each wave stand on nothing, or on one of a wave before."""
    made = {""}
    while len(made) <= len(chosen):
        wave = [one for one in chosen if one.on in made and one.image not in made]
        yield wave
        made |= {one.image for one in wave}


def pause(folder: Path) -> Path:
    """The context of the pause image: the program, compiled here. It is static: the image holds nothing else."""
    command = ["gcc", "-static", "-Os", "-s", "-o", str(folder / "pause"), str(HERE / "pause.c")]
    subprocess.run(command, check=True)
    return folder


def _named(known: dict[str, Recipe], name: str) -> list[str]:
    found = [image for image in known if name in (image, image.partition(":")[0])]
    if not found:
        raise Unknown(f"no image `{name}`; there are: {', '.join(known)}")
    return found


def _published(registry: str, chosen: list[Recipe], inputs: dict[str, str]) -> dict[str, Published]:
    done: dict[str, Published] = {}

    def one(recipe: Recipe) -> Published:
        return _image(registry, recipe, inputs[recipe.image], done.get(BASE))

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for wave in waves(chosen):
            done |= dict(zip((recipe.image for recipe in wave), threads.map(one, wave), strict=True))
    return done


def _image(registry: str, recipe: Recipe, inputs: str, beside: Published | None) -> Published:
    begun, image = time.monotonic(), f"{registry}/{recipe.image}"
    there = published(image)
    if there and there.labels.get(INPUTS) == inputs:
        return _said(recipe.image, there, beside, "unchanged")
    _make(registry, recipe, {INPUTS: inputs})
    there = published(image)
    assert there, f"{image} was pushed and is not there"
    return _said(recipe.image, there, beside, f"made in {time.monotonic() - begun:.1f} s")


def _make(registry: str, recipe: Recipe, labels: dict[str, str]) -> None:
    image, on = f"{registry}/{recipe.image}", f"{registry}/{recipe.on}"
    if recipe.dockerfile:
        buildah.build(recipe.context, recipe.dockerfile, image, {"BASE": on} if recipe.on else {}, labels)
        buildah.push(image)
    else:
        vary(image, on, recipe.variables, labels)


def _said(image: str, there: Published, beside: Published | None, how: str) -> Published:
    own = there.beside(beside) if beside else there.size
    print(f"{image:32} {there.size / 1e6:6.1f} MB, {own / 1e6:6.1f} MB beside the base: {how}", flush=True)
    return there


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.images", description="Builds and pushes the images of the tests."
    )
    parser.add_argument(
        "--registry", required=True, metavar="HOST:PORT", help="where images are pushed, over plain HTTP"
    )
    parser.add_argument("names", nargs="*", help="images, with or without a version; none: all")
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        done = images(given.registry, given.names)
    except (Unknown, BaseError, buildah.BuildError, OSError) as error:
        sys.exit(str(error))
    print(f"{len(done)} images at {given.registry} in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
