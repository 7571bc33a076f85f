"""A zip whose bytes depend on nothing but its files: no clock, no user, no order of a disk. Pure.

Its compression is zlib's: two machines agree where their zlib does.
"""

import io
import zipfile

from infra.function_package.sources import Files

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can say
_MODE = 0o100644 << 16  # a file, for all to read
_UNIX = 3


def archive(files: Files) -> bytes:
    """The zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zip:
        for name in sorted(files):
            zip.writestr(_entry(name), files[name])
    return made.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _MODE
    entry.create_system = _UNIX
    return entry
