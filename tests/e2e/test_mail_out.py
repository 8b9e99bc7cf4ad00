"""Mail to the outside: by a smart host, by DNS, and what comes back when it can't be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import until
from tests.e2e.support.world import LOGIN, RELAY, World, led_to, outside_world, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA = "ada@contoso.test"
SIGN_IN = {"smart_host_auth_mechanism": "BasicAuthRequireTLS", "authentication_credential": "relay"}
CONNECTORS = {
    "Relay": {"address_spaces": ["*"], "smart_hosts": [f"{RELAY}:587"], "fqdn": "mail.contoso.test", **SIGN_IN},
    "Litware": {"address_spaces": ["litware.test", "*.litware.test"]},
    # Its name leads to the same smart host, whose certificate is for another.
    "Impostor": {"address_spaces": ["impostor.test"], "smart_hosts": ["impostor.fabrikam.test:587"], **SIGN_IN},
}


@pytest.fixture(scope="module")
def world(lab: Lab, stack: Stack, outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The outside world, with the send connectors that lead to it."""
    credential = lab.state.root / "credentials" / "relay"
    credential.parent.mkdir(mode=0o700, exist_ok=True)
    credential.touch(mode=0o600)
    credential.write_text(f"{LOGIN}\n")
    with outside_world(outside, tmp_path_factory.mktemp("world"), lab.state.ca_certificate) as world:
        with led_to(world, lab.front):
            stack.edit({"mailpair_site": {"send_connectors": CONNECTORS}})
            stack.up()
            yield world
        stack.restore()
    credential.unlink()


def bounce(lab: Lab, subject: str) -> str:
    """The report that the sender gets of a message that could not be delivered."""
    with clients.imap(lab, ADA) as client:

        def reports() -> list[bytes]:
            found = clients.find(client, "Undelivered Mail Returned to Sender")
            return [report for report in (clients.fetch(client, each) for each in found) if subject.encode() in report]

        (report,) = until(reports, f"a report of {subject!r}")
    return report.decode()


def queue(lab: Lab) -> str:
    """What waits on the front end, one JSON object a line."""
    return lab.front.run("postqueue -j")


def test_a_smart_host_takes_it_after_a_login_under_tls(lab: Lab, world: World) -> None:
    subject = clients.unique("by smart host")
    clients.submit(lab, ADA, "somebody@fabrikam.test", subject)
    message = world.wait(subject)
    assert (message["port"], message["tls"], message["login"]) == (587, True, "mailpair")
    assert (message["sender"], message["recipients"]) == (ADA, ["somebody@fabrikam.test"])
    assert message["helo"] == "mail.contoso.test"


def test_without_a_smart_host_dns_says_where_to(lab: Lab, world: World) -> None:
    subject = clients.unique("by DNS")
    clients.submit(lab, ADA, "somebody@litware.test", subject)
    message = world.wait(subject)
    assert (message["port"], message["login"], message["helo"]) == (25, None, lab.front.fqdn)
    assert message["tls"], "TLS where it is offered"


@pytest.mark.parametrize("domain", ["fabrikam.test", "litware.test"])
def test_what_is_refused_outside_comes_back_to_its_sender(lab: Lab, world: World, domain: str) -> None:
    subject = clients.unique("to nobody")
    clients.submit(lab, ADA, f"nobody@{domain}", subject)
    report = bounce(lab, subject)
    assert f"Final-Recipient: rfc822; nobody@{domain}" in report
    assert "Status: 5.1.1" in report
    assert world.messages(subject) == []


def test_a_password_goes_to_the_named_smart_host_only(lab: Lab, world: World) -> None:
    before = world.logins()
    subject = clients.unique("to an impostor")
    clients.submit(lab, ADA, "somebody@impostor.test", subject)
    until(lambda: "Server certificate not verified" in queue(lab), "the message in the queue, with its reason")
    assert (world.logins(), world.messages(subject)) == (before, [])
    lab.front.run("postsuper -d ALL")


def test_logins_are_roots_alone(lab: Lab, world: World) -> None:
    assert lab.front.run("stat -c '%U %a' /etc/postfix/credentials") == "root 600\n"
    password = LOGIN.partition(":")[2]
    assert lab.front.run(f"journalctl --no-pager | grep -c {password}", check=False) == "0\n"


def test_strangers_still_get_no_relay(lab: Lab, world: World) -> None:
    commands = ["EHLO outside.test", "MAIL FROM:<a@fabrikam.test>", "RCPT TO:<somebody@litware.test>"]
    assert say(world.host, lab.front.address, 25, commands)[-1] == (
        554,
        "5.7.1 <somebody@litware.test>: Relay access denied",
    )
