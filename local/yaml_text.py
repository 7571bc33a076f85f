"""YAML, as kubectl reads it: documents for people to read, with one meaning for every reader. Writes only."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

# Words that no version of YAML takes for a number; which of them it takes for something else, PyYAML knows. kubectl reads
# a bare `1e5` as a number, where PyYAML writes a text: a key of hexadecimal digits may look like that.
_WORD = re.compile(r"[A-Za-z/][A-Za-z0-9 ._/(){}:,'-]*")


def documents(objects: Iterable[Mapping[str, Any]]) -> str:
    """One document for each, its members in the order in which they were written down."""
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, explicit_start=True, width=120, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Repeats what is there twice, instead of referring to it."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    del dumper
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=None if _WORD.fullmatch(text) else '"')


_Dumper.add_representer(str, _text)
