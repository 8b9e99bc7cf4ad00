"""The lookup that has what was last applied to a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader

from mailpair.applied import Applied, remember
from mailpair.state import SiteState

if TYPE_CHECKING:
    from pathlib import Path


def look(site_dir: Path, *names: str) -> list[Any]:
    """What the lookup returns."""
    lookup = lookup_loader.get("mailpair.mail.last_applied")
    found: list[Any] = lookup.run(list(names), site_dir=str(site_dir), role="backup")
    return found


def test_the_plan_of_the_role_as_it_was_last_applied(tmp_path: Path) -> None:
    remember(SiteState(tmp_path), "back1", Applied({}, (), {"backup": {"enabled": True}, "base": {}}))
    remember(SiteState(tmp_path), "front1", Applied({}, (), {"base": {}}))
    assert look(tmp_path, "back1", "front1", "back2") == [{"enabled": True}, {}, {}]


def test_a_record_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    remember(SiteState(tmp_path), "back1", Applied({}, (), {}))
    (tmp_path / "private/applied/back1.json").write_text("{")
    with pytest.raises(AnsibleLookupError) as refused:
        look(tmp_path, "back1")
    assert str(refused.value) == (
        "the record of what was last applied to back1 can't be read; remove applied/back1.json from the private "
        "folder, and the next run makes it anew"
    )
