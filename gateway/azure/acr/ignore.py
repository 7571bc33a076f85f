"""Ignored: which files of a folder stay at home, as `.dockerignore` says. Pure; reads no file.

The rules are Docker's (https://docs.docker.com/build/concepts/context/#dockerignore-files): a pattern matches a path or
any folder above it, the last pattern that matches decides, `!` brings back.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Self

import msgspec

_ALWAYS = (".git",)  # no build reads it, and it is often larger than all the rest


class Ignored(msgspec.Struct, frozen=True):
    """`rules`, in order: what matches, and whether it is left out then."""

    rules: tuple[tuple[re.Pattern[str], bool], ...]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """The lines of a `.dockerignore`. Raises ValueError with the pattern that is none."""
        return cls(tuple(rule for line in (*_ALWAYS, *lines) if (rule := _rule(line)) is not None))

    def __contains__(self, path: object) -> bool:
        """Whether `path`, relative to the folder and with `/`, is left out."""
        assert isinstance(path, PurePosixPath)
        above = [str(path), *(str(parent) for parent in path.parents if parent.name)]
        verdict = False
        for pattern, leaves_out in self.rules:
            if any(pattern.fullmatch(each) for each in above):
                verdict = leaves_out
        return verdict

    @property
    def brings_back(self) -> bool:
        """Whether something may come back below a folder that is left out."""
        return any(not leaves_out for _, leaves_out in self.rules)


def _rule(line: str) -> tuple[re.Pattern[str], bool] | None:
    text = line.strip().removeprefix("\ufeff")
    if not text or text.startswith("#"):
        return None
    leaves_out = not text.startswith("!")
    clean = str(PurePosixPath("/", text.removeprefix("!").strip()))[1:]  # without `./`, `//` and what ends in `/`
    if not clean:
        return None
    try:
        return re.compile(_expression(clean), re.DOTALL), leaves_out
    except re.error as error:
        raise ValueError(f"`{text}` is not a pattern: {error}") from error


_WORDS = re.compile(r"\*\*/|\*\*|\*|\?|\[\^?[^\]]*\]|\\.|.", re.DOTALL)


def _expression(pattern: str) -> str:
    """Go's filepath.Match, with `**` for any number of folders."""
    return "".join(_word(word) for word in _WORDS.findall(pattern))


def _word(word: str) -> str:
    match word:
        case "**/":
            return r"(?:.*/)?"
        case "**":
            return r".*"
        case "*":
            return r"[^/]*"
        case "?":
            return r"[^/]"
        case _ if len(word) > 1 and word[0] == "[":
            return word
        case _:
            return re.escape(word[-1])  # `\x` is x itself
