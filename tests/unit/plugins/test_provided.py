"""The lookup that reads certificates of an administrator, as text or as ansible-vault keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.loader import lookup_loader

from mailpair import private_files
from tests.certificates import Ca, key_pem, named, new_key, pem

if TYPE_CHECKING:
    from pathlib import Path

NAME = "mail.contoso.test"
WANTED = {"certificate_file": "m.pem", "key_file": "m.key", "certificate": "/tls/m.pem", "key": "/tls/m.key"}
SECRET = [("default", VaultSecret(b"open sesame"))]


def look(site_dir: Path, secrets: list[Any] | None = None) -> list[dict[str, str]]:
    """What the lookup gives a run that has been given these vault passwords."""
    loader = DataLoader()
    loader.set_vault_secrets(secrets or [])
    found: list[dict[str, str]] = lookup_loader.get("mailpair.mail.provided", loader=loader).run(
        [WANTED], site_dir=str(site_dir)
    )
    return found


@pytest.fixture
def written(tmp_path: Path) -> tuple[str, str]:
    """A certificate in a file, and its key in one that ansible-vault has encrypted."""
    root = Ca("A root")
    key = new_key()
    certificate, text = pem(root.issue(named(NAME), key, NAME)), key_pem(key)
    folder = tmp_path / "private/certificates"
    private_files.ensure_folder(folder.parent)
    private_files.ensure_folder(folder)
    private_files.write(folder / "m.pem", certificate)
    private_files.write(folder / "m.key", VaultLib(SECRET).encrypt(text).decode())
    return certificate, text


def test_what_vault_keeps_is_decrypted_for_a_run_that_has_the_password(
    tmp_path: Path, written: tuple[str, str]
) -> None:
    certificate, key = written
    assert look(tmp_path, SECRET) == [
        {"path": "/tls/m.key", "content": key, "mode": "0600"},
        {"path": "/tls/m.pem", "content": certificate, "mode": "0644"},
    ]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("secrets", [[], [("default", VaultSecret(b"wrong"))]])
def test_without_the_password_the_remedy_is_told(tmp_path: Path, secrets: list[Any]) -> None:
    with pytest.raises(AnsibleLookupError) as told:
        look(tmp_path, secrets)
    assert str(told.value) == (
        "must be text, or encrypted by ansible-vault with a password that is given to this run; "
        "give it with --vault-password-file"
    )
