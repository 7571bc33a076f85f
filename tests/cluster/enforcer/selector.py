"""Label selectors of Kubernetes (meta/v1 LabelSelector). Pure."""

from collections.abc import Mapping

import msgspec


class Requirement(msgspec.Struct, frozen=True):
    """One line of `matchExpressions`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Raises ValueError for an operator that is none."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":  # a label that is not there is none of them
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case other:
                raise ValueError(f"`{other}` is no operator of a label selector")


class Selector(msgspec.Struct, frozen=True, rename="camel"):
    """The empty one selects everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether all that it asks for is met."""
        wanted = self.match_labels.items()
        return wanted <= labels.items() and all(one.met(labels) for one in self.match_expressions)
