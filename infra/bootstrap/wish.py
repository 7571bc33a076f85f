"""Wish: what is to be prepared, and the names that follow from it. Checked here; nothing later quotes or checks again."""

import re
from typing import Self

import msgspec

_LABEL = re.compile(r"[a-z][a-z0-9]{2,17}")
_LOCATION = re.compile(r"[a-z0-9]{3,30}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY = CONTAINER = "state"


class WrongWish(Exception):
    """The message says which argument, and why."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """`github` is `owner/repository`, `subscription` an id; empty for none, and for the one `az` has chosen."""

    label: str
    location: str
    github: str = ""
    subscription: str = ""

    @classmethod
    def checked(cls, label: str, location: str, github: str = "", subscription: str = "") -> Self:
        """Raises WrongWish."""
        for option, text, form in (
            ("--label", label, _LABEL),
            ("--location", location, _LOCATION),
            ("--github", github or "o/r", _REPOSITORY),
            ("--subscription", subscription or "0" * 8 + "-0000" * 3 + "-" + "0" * 12, _GUID),
        ):
            if not form.fullmatch(text):
                raise WrongWish(f"{option}: `{text}` is not of the form {form.pattern}")
        return cls(label=label, location=location, github=github, subscription=subscription)

    @property
    def group(self) -> str:
        """Of its own: it outlives every stack."""
        return f"{self.label}-state"

    @property
    def account(self) -> str:
        """Of storage: unique in all of Azure."""
        return f"{self.label}state"

    @property
    def vault(self) -> str:
        """Unique in all of Azure."""
        return f"{self.label}-state"

    @property
    def backend(self) -> str:
        """As `pulumi login` takes it."""
        return f"azblob://{CONTAINER}?storage_account={self.account}"

    @property
    def secrets_provider(self) -> str:
        """As `pulumi stack init --secrets-provider` takes it."""
        return f"azurekeyvault://{self.vault}.vault.azure.net/keys/{KEY}"
