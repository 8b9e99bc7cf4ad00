"""The lookup that brings keys and CA files to hosts that fetch certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader

if TYPE_CHECKING:
    from pathlib import Path

TSIG = {"kind": "credential", "name": "tsig", "path": "/etc/mailpair/acme/credential-tsig"}
CA = {"kind": "ca", "name": "ca.pem", "path": "/etc/mailpair/acme/ca-ca.pem"}


def look(site_dir: Path, *terms: dict[str, str]) -> list[dict[str, str]]:
    """What the lookup returns."""
    found: list[dict[str, str]] = lookup_loader.get("mailpair.mail.acme").run(list(terms), site_dir=str(site_dir))
    return found


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    """A site's folder with a key and a CA."""
    for folder, name, text in (("credentials", "tsig", "mailpair:c2VjcmV0\n"), ("certificates", "ca.pem", "PEM\n")):
        file = tmp_path / "private" / folder / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o600)
    return tmp_path


def test_each_file_is_for_root_alone(site_dir: Path) -> None:
    assert look(site_dir, TSIG, CA) == [
        {"path": TSIG["path"], "content": "mailpair:c2VjcmV0\n", "mode": "0600"},
        {"path": CA["path"], "content": "PEM\n", "mode": "0600"},
    ]


@pytest.mark.parametrize("missing", [TSIG, CA])
def test_what_is_missing_is_named(tmp_path: Path, missing: dict[str, str]) -> None:
    folder = "credentials" if missing == TSIG else "certificates"
    with pytest.raises(AnsibleLookupError, match=rf"^{tmp_path}/private/{folder}/{missing['name']} is missing; "):
        look(tmp_path, missing)
