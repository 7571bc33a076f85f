"""Home, its lock and its key: for one user, one gateway, and as they were left."""

import os
import stat
from pathlib import Path

import pytest

from local.home import Home, HomeError
from local.lock import held
from local.seal_key import seal_key


def test_a_home_is_for_its_user_alone(tmp_path: Path) -> None:
    os.umask(old := os.umask(0))
    home = Home.prepared(tmp_path / "a" / "b")
    os.umask(old)
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.logs.stat().st_mode) == 0o700


def test_a_home_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home.prepared(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_folder_that_holds_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(HomeError, match="holds other things"):
        Home.prepared(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_home_is_found_as_it_was_left(tmp_path: Path) -> None:
    (Home.prepared(tmp_path).logs / "x.log").write_text("x")
    assert (Home.prepared(tmp_path).logs / "x.log").read_text() == "x"


def test_a_file_in_the_place_of_a_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeError, match="home: "):
        Home.prepared(tmp_path / "home")


def test_a_home_is_held_once_and_the_refusal_names_the_holder(home: Home) -> None:
    with (
        held(home.lock),
        pytest.raises(HomeError, match=rf"in use by another gateway \(pid {os.getpid()}\)"),
        held(home.lock),
    ):
        pass
    with held(home.lock):
        pass


def test_the_seal_key_is_made_once_for_the_user_alone(home: Home) -> None:
    key = seal_key(home.seal_key)
    assert len(key) == 16
    assert seal_key(home.seal_key) == key
    assert stat.S_IMODE(home.seal_key.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "abc", "zz" * 16, "00" * 15, "00" * 17, "é" * 32])
def test_a_malformed_seal_key_is_refused_and_kept(home: Home, text: str) -> None:
    home.seal_key.write_text(text)
    with pytest.raises(HomeError, match=r"seal\.key: expected 32 hex digits"):
        seal_key(home.seal_key)
    assert home.seal_key.read_text() == text
