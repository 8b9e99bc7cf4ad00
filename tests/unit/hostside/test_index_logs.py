"""Ends of Dovecot's index logs that a power failure has left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostside.index_logs.__main__ import main, mend, recent, whole

HEADER = bytes.fromhex("01 03 2800 00000000 07000000") + bytes(28)  # version 1.3, 40 bytes; number 7


def record(content: bytes, kind: int = 0x80) -> bytes:
    """A record as Dovecot writes it once it is complete: a fourth of its size in four times seven bits."""
    size = (8 + len(content)) // 4
    written = bytes(0x80 | size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return written + kind.to_bytes(4, "little") + content


BOUNDARY = 0x10080000
TWO = HEADER + record(b"flag") + record(bytes(4096))


@pytest.mark.parametrize(
    ("log", "end"),
    [
        (HEADER, 40),
        (TWO, len(TWO)),
        (TWO + bytes(200), len(TWO)),  # it has grown, and nothing was written there
        (TWO + bytes(3), len(TWO)),
        (TWO[:-8], 52),
        (TWO[:58], 52),
        (TWO + b"\0" + record(b"flag")[1:], len(TWO)),  # its size is not there yet
        (TWO + record(b"")[:3] + b"\x80", len(TWO)),  # no record is as small
        (TWO + record((24).to_bytes(4, "little"), BOUNDARY) + record(b"flag"), len(TWO) + 24),
        (TWO + record((36).to_bytes(4, "little"), BOUNDARY) + record(b"flag"), len(TWO)),  # one of three is missing
        (b"", 0),
        (bytes(100), 100),  # no log; Dovecot sees that and begins anew
        (HEADER[:20], 20),
        (bytes.fromhex("01 03 ffff") + bytes(36), 40),
    ],
)
def test_a_log_ends_with_its_last_whole_record(log: bytes, end: int) -> None:
    assert whole(log) == end


def test_what_is_no_record_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "dovecot.index.log"
    log.write_bytes(TWO + bytes(200))
    assert mend(log) == "200 bytes at its end are of no record, and were cut"
    assert log.read_bytes() == TWO
    assert mend(log) == ""


@pytest.mark.parametrize(
    ("number", "offset", "end", "there"),
    [
        (7, len(TWO), b"", True),
        (7, len(TWO), bytes(200), True),
        (7, len(TWO) + 4, b"", False),
        (7, len(TWO) + 4, bytes(200), False),
        (8, len(TWO) + 4, b"", True),  # of another log
    ],
)
def test_a_log_that_its_index_knows_more_of_goes(
    tmp_path: Path, number: int, offset: int, end: bytes, *, there: bool
) -> None:
    log = tmp_path / "dovecot.index.log"
    log.write_bytes(TWO + end)
    index = bytes(60) + number.to_bytes(4, "little") + bytes(4) + offset.to_bytes(4, "little") + bytes(100)
    (tmp_path / "dovecot.index").write_bytes(index)
    assert (mend(log) == "is shorter than its index says, and was removed") is not there
    assert log.exists() is there


def test_a_log_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "dovecot.index.log"
    log.write_bytes(TWO + bytes(200))
    hold = (
        "import fcntl, sys\nwith open(sys.argv[1], 'r+') as file:\n"
        "    fcntl.lockf(file, fcntl.LOCK_EX)\n    print(flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        (sys.executable, "-c", hold, log), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert mend(log) == ""
        process.communicate()
    assert log.stat().st_size == len(TWO) + 200


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(TWO + bytes(200))
    (tmp_path / "dovecot.index.log").symlink_to("other")
    with pytest.raises(OSError, match="symbolic"):
        mend(tmp_path / "dovecot.index.log")


def test_all_that_were_changed_in_the_last_hour_are_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = tmp_path / "contoso.test" / "ada" / "Maildir"
    ours = [ada / "dovecot.index.log", ada / "dovecot.list.index.log", ada / ".Kept" / "dovecot.index.log"]
    others = [ada / ".Old" / "dovecot.index.log", ada / ".Kept" / "dovecot.index.cache", ada / "cur" / "1.index.log"]
    for age, each in enumerate((*ours, *others)):
        each.parent.mkdir(parents=True, exist_ok=True)
        each.write_bytes(TWO + bytes(8))
        when = 1_000_000_000 - (3600 if each in others[:1] else age)
        os.utime(each, (when, when))
    assert recent(tmp_path) == sorted(ours)
    monkeypatch.setattr(sys, "argv", ["index-logs", str(tmp_path)])
    main()
    assert [each.stat().st_size - len(TWO) for each in (*ours, *others)] == [0, 0, 0, 8, 8, 8]
    assert f"{ours[0]}: 8 bytes at its end are of no record, and were cut\n" in capsys.readouterr().out


def test_a_store_without_logs_is_none_of_its_business(tmp_path: Path) -> None:
    assert recent(tmp_path) == []


def test_one_that_can_t_be_looked_at_leaves_the_others_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = tmp_path / "contoso.test" / "ada" / "Maildir"
    ada.mkdir(parents=True)
    (ada / "other").write_bytes(TWO)
    (ada / "dovecot.index.log").symlink_to("other")
    (ada / "dovecot.list.index.log").write_bytes(TWO + bytes(8))
    monkeypatch.setattr(sys, "argv", ["index-logs", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert (ada / "dovecot.list.index.log").read_bytes() == TWO
    assert (
        f"{ada}/dovecot.index.log: can't be looked at: Too many levels of symbolic links\n" in capsys.readouterr().out
    )
