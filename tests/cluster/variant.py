"""Variant: an image of the registry under another name and with other variables, made within the registry in milliseconds.

Only its configuration is new: the layers are the same blobs (distribution API v2, "cross repository blob mount").
"""

import hashlib
import urllib.request
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.cluster.published import MANIFEST, address, fetch

type Json = dict[str, Any]


def vary(image: str, source: str, environment: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Publishes `source` as `image`, both `registry/name:version` of one registry. Raises OSError where it refuses."""
    origin, repository, version = address(source)
    manifest: Json = msgspec.json.decode(fetch(f"{origin}/manifests/{version}"))
    configuration: Json = msgspec.json.decode(fetch(f"{origin}/blobs/{manifest['config']['digest']}"))
    config: Json = configuration["config"]
    config["Env"] = [one for one in config["Env"] if one.partition("=")[0] not in environment]
    config["Env"] += [f"{name}={value}" for name, value in environment.items()]
    config["Labels"] = {**(config.get("Labels") or {}), **labels}
    blob = msgspec.json.encode(configuration)
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    manifest["config"] |= {"digest": digest, "size": len(blob)}
    target, _, wanted = address(image)
    for layer in manifest["layers"]:
        _send("POST", f"{target}/blobs/uploads/?mount={layer['digest']}&from={repository}")
    upload = _send("POST", f"{target}/blobs/uploads/")
    joint = "&" if "?" in upload else "?"
    _send("PUT", f"{upload}{joint}digest={digest}", blob, "application/octet-stream")
    _send("PUT", f"{target}/manifests/{wanted}", msgspec.json.encode(manifest), MANIFEST)


def _send(method: str, url: str, body: bytes = b"", kind: str = "") -> str:
    """Where the registry says it goes on."""
    headers = {"Content-Type": kind} if kind else {}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=30) as reply:
        return reply.headers.get("Location", "")
