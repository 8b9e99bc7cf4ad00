"""The lookup that makes Postfix's map of logins at smart hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader

if TYPE_CHECKING:
    from pathlib import Path


def look(site_dir: Path, *terms: dict[str, Any]) -> list[str]:
    """What the lookup returns."""
    found: list[str] = lookup_loader.get("mailpair.mail.credentials").run(list(terms), site_dir=str(site_dir))
    return found


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    """A site's folder with two logins."""
    folder = tmp_path / "private" / "credentials"
    folder.mkdir(parents=True)
    for name, text in (("relay", "ada:s3cret:with:colons\n"), ("other", "bob:pa55\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return tmp_path


def test_each_smart_host_with_its_login(site_dir: Path) -> None:
    assert look(
        site_dir,
        {"name": "relay", "hosts": ["[a.test]:587", "[b.test]:587"]},
        {"name": "other", "hosts": ["[c.test]:465"]},
    ) == ["[a.test]:587 ada:s3cret:with:colons\n[b.test]:587 ada:s3cret:with:colons\n[c.test]:465 bob:pa55\n"]


def test_one_host_one_login(site_dir: Path) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        look(site_dir, {"name": "relay", "hosts": ["[a.test]:587"]}, {"name": "other", "hosts": ["[a.test]:587"]})
    assert str(refused.value) == (
        "send_connectors: [a.test]:587: must have one login; give its connectors the same authentication_credential"
    )


def test_a_login_that_is_missing(site_dir: Path) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        look(site_dir, {"name": "nowhere", "hosts": ["[a.test]:587"]})
    path = site_dir / "private/credentials/nowhere"
    assert str(refused.value) == (f"{path} is missing; write user:password into it as its one line, with mode 0600")
