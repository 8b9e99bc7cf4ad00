"""Files that nobody but their owner reads, and that are there whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailpair import private_files


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=["umask 000", "umask 022", "umask 277"])
def any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("any_umask")
def test_a_file_is_its_owner_s_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    private_files.write(path, "one\n")
    assert mode(path) & 0o077 == 0
    assert path.read_text() == "one\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_others_could_read_is_put_right(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("one\n")
    path.chmod(0o644)
    assert private_files.read(path) == "one\n"
    assert mode(path) == 0o600


def test_a_file_is_replaced_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        private_files.write(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert mode(path) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    private_files.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        private_files.write(path, "\udcff")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, 0o777, 0o700])
def test_a_folder_is_its_owner_s(tmp_path: Path, before: int | None) -> None:
    folder = tmp_path / "private"
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    assert private_files.ensure_folder(folder) == folder
    assert mode(folder) == 0o700


def test_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def increment(_: int) -> None:
        with private_files.locked(tmp_path):
            counter.write_text(str(int(counter.read_text()) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(200)))
    assert counter.read_text() == "200"


def test_the_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), private_files.locked(tmp_path):
            _ = 1 / 0
