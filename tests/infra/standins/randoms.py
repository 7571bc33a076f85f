"""Randoms: the stand-in for random. It draws real values; what is drawn is in the engine's state only, as with the provider itself."""

from tests.infra.standins import random_values
from tests.infra.standins.arguments import of_resource
from tests.infra.standins.conformity import wrong
from tests.infra.standins.made import Made
from tests.infra.standins.package import Found, Refused
from tests.infra.standins.wire import Json


class Randoms:
    """Every change of an input draws anew."""

    def configure(self, settings: Json) -> None:
        """Nothing."""

    def problems(self, type: str, inputs: Json) -> list[str]:
        """What is not as the provider's package takes it."""
        return list(wrong(of_resource("random", "", type.rpartition(":")[2]), inputs))

    def replacing(self, type: str, before: Json, after: Json) -> list[str]:
        """All of them."""
        return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))

    def make(self, type: str, urn: str, inputs: Json) -> Made:
        """Raises Refused for a type that is not drawn here."""
        try:
            return Made(*random_values.drawn(type, inputs))
        except AssertionError as error:
            raise Refused(str(error)) from error

    def change(self, type: str, urn: str, id: str, inputs: Json) -> Made:
        """Never: see `replacing`."""
        raise Refused(f"{urn} cannot change")

    def read(self, type: str, id: str, known: Found) -> Found | None:
        """What the engine has: nobody else knows it."""
        return known

    def remove(self, type: str, id: str) -> None:
        """Nothing is anywhere."""

    def invoke(self, token: str, arguments: Json) -> Json:
        """Raises Refused."""
        raise Refused(f"no stand-in answers {token}")
