"""PackageFailed: why there is no zip, in one sentence."""


class PackageFailed(Exception):
    """The message is for whoever asked for the zip."""
