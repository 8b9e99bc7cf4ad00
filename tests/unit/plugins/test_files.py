"""Files that are replaced whole: the part that modules share, and the module of that name."""

from __future__ import annotations

import grp
import json
import os
import pwd
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mailpair.mail.plugins.module_utils import files as shared
from ansible_collections.mailpair.mail.plugins.modules import files

if TYPE_CHECKING:
    from pathlib import Path

OWNER = pwd.getpwuid(os.getuid()).pw_name
GROUP = grp.getgrgid(os.getgid()).gr_name


def put(folder: Path, content: str, mode: int = 0o640) -> shared.Wanted:
    file = shared.Wanted(str(folder / "file"), content.encode(), OWNER, GROUP, mode)
    file.put()
    return file


def test_a_file_is_there_with_content_and_rights(tmp_path: Path) -> None:
    file = put(tmp_path, "text")
    assert (tmp_path / "file").read_text() == "text"
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o640
    assert file.is_there()
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "other",
    [
        {"content": b"other"},
        {"mode": 0o600},
        {"owner": "nobody-of-that-name"},
        {"group": "nobody-of-that-name"},
        {"path": "/nowhere/file"},
    ],
)
def test_a_file_that_differs_is_not_there(tmp_path: Path, other: dict[str, Any]) -> None:
    put(tmp_path, "text")
    wanted = {
        "path": str(tmp_path / "file"),
        "content": b"text",
        "owner": OWNER,
        "group": GROUP,
        "mode": 0o640,
        **other,
    }
    assert not shared.Wanted(**wanted).is_there()


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    put(tmp_path, "old")
    with (tmp_path / "file").open() as reader:
        put(tmp_path, "new")
        assert reader.read() == "old"
    assert (tmp_path / "file").read_text() == "new"


def test_what_could_not_be_put_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        put(tmp_path, "text")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "# BEGIN us\n1 one\n# END us\n"),
        ("127.0.0.1 localhost\n", "127.0.0.1 localhost\n# BEGIN us\n1 one\n# END us\n"),
        ("a\n# BEGIN us\n2 two\n3 three\n# END us\nb\n", "a\n# BEGIN us\n1 one\n# END us\nb\n"),
        ("# BEGIN us\n1 one\n# END us\n", "# BEGIN us\n1 one\n# END us\n"),
        ("# BEGIN us\nno end\n", "# BEGIN us\nno end\n# BEGIN us\n1 one\n# END us\n"),
    ],
)
def test_our_lines_in_a_file_of_others(text: str, expected: str) -> None:
    assert shared.with_block(text, "us", "1 one\n") == expected


def run(arguments: dict[str, Any], *, check: bool = False, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the module says of itself."""
    with patch_module_args({**arguments, "_ansible_check_mode": check}), pytest.raises(SystemExit):
        files.main()
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_module_does_what_it_says_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {"owner": OWNER, "group": GROUP}
    file, leftover = str(tmp_path / "folder/file"), tmp_path / "leftover"
    leftover.touch()
    arguments = {
        "folders": [{"path": str(tmp_path / "folder"), "mode": "0750", **own}],
        "files": [{"path": file, "content": "text\n", "mode": "0640", **own}],
        "absent": [str(leftover)],
    }
    expected = [f"made {tmp_path / 'folder'}", f"replaced {file}", f"removed {leftover}"]

    pretended = run(arguments, check=True, capsys=capsys)
    assert (pretended["changed"], pretended["actions"]) == (True, expected)
    assert [each.name for each in tmp_path.iterdir()] == ["leftover"]

    done = run(arguments, capsys=capsys)
    assert (done["changed"], done["actions"]) == (True, expected)
    assert (tmp_path / "folder").stat().st_mode & 0o7777 == 0o750
    assert (tmp_path / "folder/file").read_text() == "text\n"
    assert not leftover.exists()

    again = run(arguments, capsys=capsys)
    assert (again["changed"], again["actions"]) == (False, [])
