"""The lookup that has the password of a back end's backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader

if TYPE_CHECKING:
    from pathlib import Path


def look(site_dir: Path, *names: str) -> list[str]:
    """What the lookup returns."""
    found: list[str] = lookup_loader.get("mailpair.mail.backup_password").run(list(names), site_dir=str(site_dir))
    return found


def test_each_back_end_has_a_password_that_stays(tmp_path: Path) -> None:
    first, second = look(tmp_path, "back1", "back2")
    assert first != second
    assert len(first) > 40
    assert look(tmp_path, "back1") == [first]
    file = tmp_path / "private/backup/back1"
    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_that_is_empty_is_refused(tmp_path: Path) -> None:
    look(tmp_path, "back1")
    file = tmp_path / "private/backup/back1"
    file.write_text("\n")
    with pytest.raises(AnsibleLookupError) as refused:
        look(tmp_path, "back1")
    assert str(refused.value) == (
        f"the password in {file} must be one line that is not empty, without control characters"
    )
