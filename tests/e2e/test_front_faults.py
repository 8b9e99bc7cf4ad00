"""Front ends whose certificates are not good: no user is told of a wrong password, and mail waits."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support.issuing import Issued, in_place, issue, peer_ca, site_ca
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import deferred, other_authority, says, waiting_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.e2e.support.lab import Host, Lab

RELOAD = "systemctl reload dovecot postfix"

# What a front end rightly complains of in its journal while these tests run.
PROVOKED = tuple(
    f"SSL routines::{alert}: SSL alert number"
    for alert in (
        "ssl/tls alert certificate expired",
        "ssl/tls alert certificate unknown",
        "ssl/tls alert unsupported certificate",
        "tlsv1 alert unknown ca",
    )
)


def bad(host: Host, fault: str) -> Issued:
    """A front end's certificate that is not good for one reason alone."""
    match fault:
        case "expired":
            return issue(peer_ca(host), host.fqdn, usage="client", left=-1, life=14)
        case "of another CA":
            return issue(site_ca(other_authority()), host.fqdn, usage="client")
        case "for another purpose":
            return issue(peer_ca(host), host.fqdn)
        case _:
            return issue(peer_ca(host), "stranger.contoso.test", usage="client")


@contextmanager
def unrecognised(lab: Lab) -> Iterator[None]:
    """A back end that no longer knows the front end's CA, as after playbooks/revoke.yml."""
    peers, reload = "/etc/mailpair/tls/peers.pem", "systemctl reload haproxy"
    lab.back.run(f"cp -p {peers} {peers}.kept")
    lab.back.run(f"cat > {peers} && {reload}", stdin=other_authority().certificate_pem)
    try:
        yield
    finally:
        lab.back.run(f"mv {peers}.kept {peers} && {reload}")


def put_off(lab: Lab, fault: AbstractContextManager[None]) -> None:
    """While there is a fault nobody gets in, nobody is told that it is for their password, and mail waits."""
    with ExitStack() as message:
        with fault:
            until(lambda: all(says(lab)), "nobody gets in")
            message.enter_context(waiting_message(lab))
            imap, pop = says(lab)
            assert "UNAVAILABLE" in imap
            assert "SYS/TEMP" in pop
            assert "status=deferred" in deferred(lab)
        until(lambda: says(lab) == ("", ""), "logins once all is well")


@pytest.mark.parametrize("fault", ["expired", "of another CA", "for another purpose", "of another name"])
def test_a_front_end_whose_certificate_is_not_good_puts_clients_off(lab: Lab, fault: str) -> None:
    put_off(lab, in_place(lab.front, "peer", bad(lab.front, fault), RELOAD))


def test_a_front_end_whose_keys_are_refused_puts_clients_off(lab: Lab) -> None:
    put_off(lab, unrecognised(lab))
