"""The version of what runs. Images carry no package metadata that could tell; a test holds this to pyproject.toml."""

VERSION = "0.1.0"
