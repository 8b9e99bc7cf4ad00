"""What a stack may take for its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn import host
from pulumi_stack.platforms.nspawn.owner import check_owner


def test_what_is_not_there_and_what_is_ours_may_be_used(tmp_path: Path) -> None:
    check_owner(tmp_path / "none", None, "/srv/mail")
    check_owner(tmp_path, {"stack": "lab", "owner": "/srv/mail"}, "/srv/mail")


def test_what_a_checkout_left_that_is_gone_may_be_used(tmp_path: Path) -> None:
    check_owner(tmp_path, {"stack": "lab", "owner": str(tmp_path / "gone")}, "/srv/mail")


def test_what_another_checkout_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError) as error:
        check_owner(Path("/var/lib/mailpair/lab/network"), {"stack": "lab", "owner": str(tmp_path)}, "/srv/mail")
    assert str(error.value) == (
        f"/var/lib/mailpair/lab/network: '{tmp_path}': the stack lab of this checkout made it and still has it; "
        "take that stack down there, or name this stack otherwise and give it another subnet"
    )


def test_a_folder_without_a_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError) as error:
        check_owner(tmp_path, None, "/srv/mail")
    assert str(error.value) == (
        f"{tmp_path}: exists: no stack made this folder; move it away, or name the stack otherwise"
    )


def test_a_folder_is_marked_from_the_first_moment(tmp_path: Path) -> None:
    folder = tmp_path / "machines" / "front1"
    assert host.read_mark(folder) is None
    host.make_marked(folder, {"owner": "me"})
    assert host.read_mark(folder) == {"owner": "me"}
    assert [each.name for each in folder.parent.iterdir()] == ["front1"]
