"""The audit trail on disk: whole lines, kept over restarts, bounded, and never in the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.audit_file import audit_file

LINE = b'{"event":"tool.call"}\n'


def test_lines_are_kept_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    for _ in range(2):
        with audit_file(path) as write:
            write(LINE)

    assert path.read_bytes() == 2 * LINE


def test_one_older_file_is_kept_and_no_line_is_cut_between_them(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    with audit_file(path, size=10 * len(LINE)) as write:
        for _ in range(25):
            write(LINE)

    assert path.read_bytes() == 5 * LINE
    assert path.with_name("audit.log.1").read_bytes() == 10 * LINE


def test_line_that_an_earlier_run_left_half_written_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(LINE + LINE[:5])
    with audit_file(path) as write:
        write(LINE)

    assert path.read_bytes().split(b"\n") == [LINE.strip(), LINE[:5], LINE.strip(), b""]


def test_disk_that_takes_half_a_line_has_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    code = (
        "import resource, sys; from pathlib import Path; from local.audit_file import audit_file\n"
        "with audit_file(Path(sys.argv[1])) as write:\n"
        "    write(b'x' * 99 + b'\\n')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (150, resource.RLIM_INFINITY))\n"
        "    try: write(b'y' * 99 + b'\\n')\n"
        "    except OSError as error: print(error)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    write(b'z\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=True)

    assert "only part of a line could be written" in done.stdout
    assert path.read_bytes() == b"x" * 99 + b"\nz\n"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_folder_that_takes_no_new_file_is_an_error_of_the_disk_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    with audit_file(path, size=2 * len(LINE)) as write:
        write(LINE)
        write(LINE)
        tmp_path.chmod(0o500)
        with pytest.raises(OSError, match="Permission denied"):
            write(LINE)
        tmp_path.chmod(0o700)
        write(LINE)

    assert path.read_bytes() == LINE


def test_log_whose_place_is_taken_is_an_error_of_the_disk_and_heals(tmp_path: Path) -> None:
    path, taken = tmp_path / "audit.log", tmp_path / "audit.log.1"
    (taken / "folder").mkdir(parents=True)
    with audit_file(path, size=2 * len(LINE)) as write:
        write(LINE)
        write(LINE)
        with pytest.raises(OSError, match="directory"):
            write(LINE)
        (taken / "folder").rmdir()
        taken.rmdir()
        write(LINE)

    assert path.read_bytes() == LINE
