"""Who reads figures, and that there are none where nobody does."""

from __future__ import annotations

from ipaddress import ip_address

from mailpair.plan import base, plan
from mailpair.plan.metrics import plan as metrics
from mailpair.servers import Role, Server
from mailpair.settings.values import IpRange
from mailpair.site.model import Metrics
from tests.unit.plan.sites import site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.1",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("192.0.2.2",))
RANGE = IpRange(ip_address("10.0.0.1"), ip_address("10.0.0.9"))
SITE = site(metrics=Metrics((RANGE, IpRange(ip_address("2001:db8::1"), ip_address("2001:db8::1")))))


def test_readers_reach_two_ports_and_nobody_else_does() -> None:
    planned = metrics(SITE, FRONT)
    assert planned.public_ports == planned.peer_ports == ()
    sets = {each.name: each for each in base.plan((FRONT, BACK), (planned,), metrics=planned).sets}
    assert sets["metrics_ports"].elements == (9100, 9900)
    assert sets["readers_ipv4"].elements == ("10.0.0.1-10.0.0.9",)
    assert sets["readers_ipv6"].elements == ("2001:db8::1",)
    assert [name for name, each in sets.items() if each.interval] == ["readers_ipv4", "readers_ipv6"]


def test_a_queue_is_told_of_where_there_is_one() -> None:
    assert metrics(SITE, FRONT).queue
    assert not metrics(SITE, BACK).queue


def test_where_nobody_reads_there_is_nothing() -> None:
    planned = metrics(site(), FRONT)
    assert (planned.enabled, planned.packages, planned.queue) == (False, (), False)
    sets = {each.name: each.elements for each in base.plan((FRONT, BACK), (planned,), metrics=planned).sets}
    assert sets["metrics_ports"] == sets["readers_ipv4"] == sets["readers_ipv6"] == ()
    assert plan(site(), (FRONT, BACK), BACK)["mailbox"]["metrics_port"] is None
    assert plan(SITE, (FRONT, BACK), BACK)["mailbox"]["metrics_port"] == 9900
