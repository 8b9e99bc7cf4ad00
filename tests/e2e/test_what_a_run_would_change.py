"""What a run would change is told before it runs: by the check of the documents, by a preview, and by check mode."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

BANNER = "IMAP4, changed."
CHANGED = f"imap_settings.banner: The IMAP4 service is ready. -> {BANNER}\n"
NEW = "mailboxes[eve@contoso.test]: new\n"
NOTHING = "A run would change nothing: this is what was last applied to back1 and front1.\n"


def checked(stack: Stack) -> str:
    """What the check says of the documents."""
    return stack.run(sys.executable, "-m", "mailpair", "check", "--site", str(stack.site_dir)).stdout


@pytest.fixture
def edited(stack: Stack, lab: Lab) -> Iterator[Lab]:
    """The pair, beside documents that say something else."""
    assert checked(stack).endswith(NOTHING)
    stack.edit({"mailpair_site": {"imap_settings": {"banner": BANNER}}})
    stack.edit({"mailpair_mailboxes": {"eve@contoso.test": {"server": "back1"}}}, "mailboxes.yml")
    yield lab
    # Nothing of this has touched a host, nor what is known of it.
    with clients.connect_imap(lab) as client:
        assert BANNER.encode() not in client.welcome
    stack.restore()
    assert checked(stack).endswith(NOTHING)


def test_the_check_tells_settings_and_whom_they_concern(stack: Stack, edited: Lab) -> None:
    _, settings, servers = checked(stack).partition(
        "Settings that differ from what was last applied to back1 and front1:\n"
    )
    assert settings
    assert servers.splitlines()[:2] == [f"  {CHANGED.strip()}", f"  {NEW.strip()}"]
    assert "A run would change on back1: mailbox.\n" in servers
    assert "A run would change on front1: client_access" in servers


def test_a_preview_tells_them_as_well(stack: Stack, edited: Lab) -> None:
    told = stack.pulumi("preview").stdout
    assert CHANGED.strip() in told
    assert NEW.strip() in told


def test_check_mode_shows_settings_and_files(stack: Stack, edited: Lab) -> None:
    told = stack.playbook(stack.inventory(), "--check", "--diff").stdout
    assert CHANGED in told
    assert NEW in told
    assert re.search(rf"^\+ *login_greeting = .*{re.escape(BANNER)}", told, re.MULTILINE)
