"""Home, its lock and its keys: for one user, one gateway, and as they were left."""

import os
import stat
from pathlib import Path

import pytest

from local.home import Home, HomeError
from local.key_file import key_file
from local.lock import held


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


@pytest.fixture(params=[16, 32])
def size(request: pytest.FixtureRequest) -> int:
    """Of a seal key and of a trust secret, in bytes."""
    return request.param


@pytest.fixture
def path(home: Home) -> Path:
    return home.trust_secret


def put(path: Path, text: str) -> None:
    """The file as a gateway would have written it, but for what is in it."""
    path.write_text(text)
    path.chmod(0o600)


def test_a_key_is_made_once_for_the_user_alone(path: Path, size: int) -> None:
    os.umask(old := os.umask(0))
    key = key_file(path, size)
    os.umask(old)
    assert len(key) == size
    assert key_file(path, size) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_two_homes_have_the_same_key(path: Path, tmp_path: Path) -> None:
    assert key_file(path, 32) != key_file(tmp_path / "other", 32)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 16, "01" * 15, "01" * 17, "é" * 32, "01" * 4000])
def test_a_malformed_key_is_refused_and_kept(path: Path, text: str) -> None:
    put(path, text)
    with pytest.raises(HomeError, match=r"trust\.secret: expected 32 hex digits"):
        key_file(path, 16)
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["00" * 16, "ff" * 16, "deadbeef" * 4, "0123456789abcdef" * 2])
def test_a_placeholder_is_refused_and_kept(path: Path, text: str) -> None:
    put(path, text)
    with pytest.raises(HomeError, match=r"trust\.secret: is a placeholder"):
        key_file(path, 16)
    assert path.read_text() == text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_read_is_refused_with_what_to_do(path: Path, mode: int) -> None:
    key = key_file(path, 16)
    path.chmod(mode)
    with pytest.raises(HomeError, match=rf"others may read it\. Do `chmod 600 {path}`"):
        key_file(path, 16)
    path.chmod(0o600)
    assert key_file(path, 16) == key


def test_a_link_is_refused_wherever_it_leads(path: Path, tmp_path: Path) -> None:
    key_file(tmp_path / "elsewhere", 16)
    for target in ("elsewhere", "nowhere"):
        path.unlink(missing_ok=True)
        path.symlink_to(tmp_path / target)
        with pytest.raises(HomeError, match=r"trust\.secret: is a link"):
            key_file(path, 16)
        assert path.is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_file_is_refused_at_once(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(HomeError, match="is no file"):
        key_file(path, 16)
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(HomeError, match="is no file"):
        key_file(path, 16)


def test_a_key_of_another_user_is_refused(path: Path) -> None:
    key_file(path, 16)
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 65534, -1)
    with pytest.raises(HomeError, match="belongs to another user"):
        key_file(path, 16)


def test_what_a_start_that_died_left_behind_is_no_key(path: Path) -> None:
    path.with_suffix(".new").write_text("half")
    assert len(key_file(path, 16)) == 16
    assert not path.with_suffix(".new").exists()
