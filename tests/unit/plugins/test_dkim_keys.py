"""Keys for DKIM are made once and shown to nobody; their records are what DNS needs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.modules import dkim_keys
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.unit.plugins.host import OWNER, Ended, FakeModule

if TYPE_CHECKING:
    from pathlib import Path


def openssl(words: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def ended(folder: Path, *, check_mode: bool = False, owner: str = OWNER["owner"]) -> dict[str, Any]:
    """What the module says at its end."""
    key = {"domain": "contoso.test", "selector": "s1-front1", "path": str(folder / "keys/contoso.test/s1.private")}
    params = {"keys": [key], "size": 2048, "owner": owner}
    with pytest.raises(Ended) as end:
        dkim_keys.run(FakeModule(params, str(folder), openssl, check_mode))
    return end.value.said


def test_a_key_is_made_once_and_its_record_told(tmp_path: Path) -> None:
    first, second = ended(tmp_path), ended(tmp_path)
    path = tmp_path / "keys/contoso.test/s1.private"
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["records"] == second["records"]
    assert path.stat().st_mode & 0o777 == 0o600
    key = load_pem_private_key(path.read_bytes(), None)
    assert key.key_size == 2048  # type: ignore[union-attr]
    assert "PRIVATE" not in str(first)


def test_check_mode_makes_nothing(tmp_path: Path) -> None:
    said = ended(tmp_path, check_mode=True)
    assert (said["changed"], said["records"], list(tmp_path.iterdir())) == (True, [], [])


def test_without_opendkim_it_says_what_to_do(tmp_path: Path) -> None:
    said = ended(tmp_path, owner="nobody-of-that-name")
    assert said["msg"] == (
        "there is no user and group nobody-of-that-name here; run playbooks/site.yml first, with dkim_signing_configs"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_long_record_is_cut_into_strings() -> None:
    line = dkim_keys.record("contoso.test", "s1", "A" * 300)
    name, _, strings = line.partition(" IN TXT ")
    assert name == "s1._domainkey.contoso.test."
    parts = strings.strip('"').split('" "')
    assert [len(part) for part in parts] == [255, 73]
    assert "".join(parts) == "v=DKIM1; h=sha256; k=rsa; p=" + "A" * 300
