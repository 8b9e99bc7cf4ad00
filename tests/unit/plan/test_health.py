"""What is tried and looked at on a server, by health set."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from mailpair.plan.health import plan
from mailpair.servers import Role, Server
from mailpair.settings.values import Kind
from mailpair.site.model import Backup, ServicePair
from tests.unit.plan.sites import NO_PROTOCOL, bindings, mailbox, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.1",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("192.0.2.2",))
OTHER = Server("back2", Role.MAILBOX, "back2.contoso.test", ("192.0.2.3",))
ALL = (FRONT, BACK, OTHER)
ON = ServicePair(front_end=True, back_end=True)
IMAP = replace(NO_PROTOCOL, ssl_bindings=bindings("0.0.0.0:993"), unencrypted_or_tls_bindings=bindings("0.0.0.0:143"))
SITE = site(
    imap4=ON,
    imap_settings=replace(IMAP, proxy_target_port=1993),
    mailboxes=(
        mailbox("guest@contoso.test", kind=Kind.GUEST),
        mailbox("ada@contoso.test"),
        mailbox("bob@contoso.test"),
    ),
)


def test_a_front_end_is_tried_as_clients_reach_it_and_on_its_way_to_each_back_end() -> None:
    planned = plan(SITE, ALL, FRONT)
    assert [(each.health_set, each.place, each.tls, each.mailbox) for each in planned.probes] == [
        ("IMAP", "192.0.2.1:143", "ask", ""),
        ("IMAP", "192.0.2.1:993", "first", ""),
        ("IMAP.Proxy", "back1.contoso.test:1993", "first", "ada@contoso.test"),
        ("IMAP.Proxy", "back2.contoso.test:1993", "first", ""),  # nobody has a mailbox there
        ("HubTransport", "back1.contoso.test:24", "first", ""),
        ("HubTransport", "back2.contoso.test:24", "first", ""),
    ]
    assert [each.name for each in planned.probes[:3]] == ["", "", "back1.contoso.test"]
    assert [each.rule for each in planned.probes[2:4]] == ["must open a mailbox", "must greet front ends"]
    assert planned.sets == ("IMAP", "IMAP.Proxy", "HubTransport", "Certificates", "Disk", "Services")
    assert planned.queue


def test_a_back_end_is_tried_by_itself() -> None:
    planned = plan(SITE, ALL, BACK)
    assert [(each.health_set, each.place, each.proxied, each.mailbox) for each in planned.probes] == [
        ("IMAP.Protocol", "127.0.0.1:4002", True, "ada@contoso.test"),
        ("MailboxTransport", "/run/dovecot/lmtp", False, ""),
    ]
    assert not planned.queue
    assert "/srv/vmail" in planned.folders


def test_units_are_looked_at_where_their_settings_are_on() -> None:
    always = ("mailpair-firewall.service", "mailpair-renewal.timer")
    backup = Backup(enabled=True, repository="/backup", interval=3600, retention=86400)
    on = replace(SITE, virtual_address=IPv4Address("192.0.2.100"), backup=backup)
    assert plan(SITE, ALL, FRONT).units == plan(SITE, ALL, BACK).units == always
    assert plan(on, ALL, FRONT).units == (*always, "mailpair-virtual-address.service")
    assert plan(on, ALL, BACK).units == (*always, "mailpair-backup.timer")


def test_connectors_are_transport_of_the_front_end() -> None:
    (probe,) = (
        each for each in plan(site(receive_connectors=(receive(),)), ALL, FRONT).probes if each.protocol == "smtp"
    )
    assert (probe.health_set, probe.place, probe.tls) == ("FrontendTransport", "192.0.2.1:587", "ask")
    assert probe.remedy == "see systemctl status postfix on front1, and run systemctl restart postfix there"


def test_what_is_off_has_no_health_set() -> None:
    off = site(imap_settings=IMAP, receive_connectors=(receive(enabled=False),))
    assert plan(off, ALL, FRONT).sets == ("HubTransport", "Certificates", "Disk", "Services")
    assert plan(off, ALL, BACK).sets == ("MailboxTransport", "Certificates", "Disk", "Services")
