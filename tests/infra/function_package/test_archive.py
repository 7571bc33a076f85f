"""The zip's own form: the same bytes for the same files, whoever makes it."""

import io
import random
import stat
import zipfile

from infra.function_package.archive import archive


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_bytes_depend_on_the_files_alone() -> None:
    files = {f"folder/{number}.py": b"x" * number for number in range(50)}
    mixed = list(files.items())
    random.Random(7).shuffle(mixed)
    assert archive(dict(mixed)) == archive(files)
    assert archive(files | {"folder/0.py": b"y"}) != archive(files)


def test_every_file_is_there_for_all_to_read_and_from_no_time() -> None:
    files = {"host.json": b"{}", "gateway/a.py": b"", ".python_packages/lib/x.so": bytes(100)}
    with opened(archive(files)) as zip:
        assert zip.testzip() is None
        assert {entry.filename: zip.read(entry) for entry in zip.infolist()} == files
        for entry in zip.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert stat.filemode(entry.external_attr >> 16) == "-rw-r--r--"
