"""A new CA follows the old one: clients that know either get in while both stand, and no session ends."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.again import Again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

BOB = "bob@contoso.test"


@pytest.fixture
def known_anew(lab: Lab) -> Iterator[None]:
    """In the end clients of the pair trust what there is then."""
    yield
    lab.__dict__.pop("tls", None)


def authority(lab: Lab, stack: Stack, verb: str, roots: str) -> None:
    """Has the site's CA begun anew or ended, and brings that to the hosts; who trusts ``roots`` gets in meanwhile."""
    logins = Again(lambda: gets_in(lab, roots), Exception)
    with logins.running():
        bring(stack, verb)
    assert (set(logins.done), logins.failed) == ({True}, [])


def bring(stack: Stack, verb: str) -> None:
    """Has the site's CA begun anew or ended, and brings that to the hosts."""
    stack.run(sys.executable, "-m", "mailpair", "authority", verb, "--site", str(stack.site_dir))
    stack.playbook(stack.plain_inventory())


def gets_in(lab: Lab, roots: str) -> bool:
    """Whether a client that trusts these roots alone gets in over IMAP, POP and SMTP."""
    lab.__dict__["tls"] = ssl.create_default_context(cadata=roots)
    try:
        with clients.imap(lab, BOB), clients.pop(lab, BOB), clients.connect_smtp(lab):
            return True
    except ssl.SSLCertVerificationError:
        return False


@pytest.mark.usefixtures("known_anew")
def test_whoever_knows_one_of_two_cas_gets_in_and_sessions_live_on(lab: Lab, stack: Stack) -> None:
    old = lab.state.ca_certificate.read_text()
    with clients.imap(lab, BOB) as imap, clients.pop(lab, BOB) as pop:
        authority(lab, stack, "begin", old)
        new = lab.state.ca_certificate.read_text().removesuffix(old)
        assert new != lab.state.ca_certificate.read_text()
        assert (gets_in(lab, old), gets_in(lab, new)) == (True, True)
        authority(lab, stack, "end", new)
        assert lab.state.ca_certificate.read_text() == new
        assert (gets_in(lab, old), gets_in(lab, new)) == (False, True)
        clients.ok(imap.noop())
        pop.noop()
