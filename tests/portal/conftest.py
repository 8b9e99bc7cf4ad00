"""The page beside a Dovecot of the tests' own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from portal.app import create_app
from portal.profiles import Signer
from portal.published import Publication
from portal.sign_in import Dovecot
from tests.portal.dovecot import FakeDovecot, dovecot
from tests.portal.signer import signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

PASSWORD = "correct horse"  # of everyone

DATA: dict[str, Any] = {
    "title": "contoso.test",
    "address": "https://mail.contoso.test/",
    "settings": {
        "outside": {
            "pop": [{"server": "mail.contoso.test", "port": 995, "encryption": "SSL"}],
            "imap": [{"server": "mail.contoso.test", "port": 993, "encryption": "SSL"}],
            "smtp": [{"server": "mail.contoso.test", "port": 587, "encryption": "TLS"}],
        },
        "inside": {
            "pop": [{"server": "front1.contoso.test", "port": 995, "encryption": "SSL"}],
            "imap": [
                {"server": "front1.contoso.test", "port": 993, "encryption": "SSL"},
                {"server": "front1.contoso.test", "port": 143, "encryption": "TLS"},
            ],
            "smtp": [{"server": "mail.contoso.test", "port": 587, "encryption": "TLS"}],
        },
    },
    "profiles": {
        protocol.lower(): {
            "PayloadType": "Configuration",
            "PayloadUUID": "5F6B3A3E-58F0-5D6C-9E4B-0A4F1C1E7D2B",
            "PayloadIdentifier": "mailpair.5f6b3a3e-58f0-5d6c-9e4b-0a4f1c1e7d2b",
            "PayloadDisplayName": f"{{address}} ({protocol})",
            "PayloadContent": [{"EmailAddress": "{address}", "EmailAccountType": f"EmailType{protocol}"}],
        }
        for protocol in ("IMAP", "POP")
    },
    "authority": {
        "PayloadType": "com.apple.security.root",
        "PayloadUUID": "0D8C8F0E-3C5B-5B0E-8B7D-2B8B6F1F5A11",
    },
    "mailboxes": {
        "ada@contoso.test": {"pop": True, "imap": True},
        "carol@contoso.test": {"pop": False, "imap": True},
        "dora@contoso.test": {"pop": True, "imap": False},
    },
}
NOTHING: dict[str, Any] = {
    **DATA,
    "profiles": {},
    "settings": {view: {"pop": [], "imap": [], "smtp": []} for view in ("outside", "inside")},
}


@dataclass
class World:
    """The page, what is published, and Dovecot behind it."""

    app: Flask
    file: Path
    dovecot: FakeDovecot

    def stamp(self, stamps: dict[str, str]) -> None:
        """Puts a new file with stamps of accounts in place, as the controller does."""
        new = self.file.with_suffix(".fresh")
        new.write_text("".join(f"{address}:{stamp}\n" for address, stamp in stamps.items()))
        new.rename(self.file.with_suffix(".accounts"))

    def publish(self, data: dict[str, Any]) -> None:
        """Puts a new file in place, as the controller does."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(data))
        new.rename(self.file)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """All of it, published as DATA says."""
    file = tmp_path / "portal.json"
    passwords = dict.fromkeys([*DATA["mailboxes"], "disabled@contoso.test"], PASSWORD)
    with dovecot(tmp_path / "dovecot", passwords) as fake, signer(tmp_path / "signer"):
        app = create_app(
            Publication(file).current,
            Dovecot(str(tmp_path / "dovecot")),
            Signer(str(tmp_path / "signer")),
            lambda: [b"first CA", b"second CA"],
            b"only for the tests",
        )
        world = World(app, file, fake)
        world.publish(DATA)
        yield world
