from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from mailpair.plan import upgrades
from mailpair.plan.upgrades import Greeter
from mailpair.servers import Role, Server
from mailpair.settings.values import IpRange
from mailpair.site.model import SecurityUpgrades, ServicePair
from tests.unit.sites import default_site

ON = ServicePair(front_end=True, back_end=True)
SITE = replace(default_site(), imap4=ON)


def servers(fronts: int, backs: int) -> list[Server]:
    """Back ends first, so that it is not their place in the list that makes front ends begin."""
    return [
        Server(f"{name}{n}", role, f"{name}{n}.contoso.test", (f"10.{n // 256}.{block}.{n % 256}",))
        for name, role, count, block in (("back", Role.MAILBOX, backs, 2), ("front", Role.CLIENT_ACCESS, fronts, 1))
        for n in range(1, count + 1)
    ]


def times(fronts: int, backs: int, begin: int = 2 * 3600) -> dict[str, str]:
    every = servers(fronts, backs)
    site = replace(SITE, security_upgrades=SecurityUpgrades(enabled=True, begin=begin))
    return {each.name: upgrades.plan(site, every, each).time for each in every}


def test_front_ends_come_first_and_each_server_later_than_the_one_before() -> None:
    assert times(2, 2) == {"front1": "02:00:00", "front2": "02:30:00", "back1": "03:00:00", "back2": "03:30:00"}


def test_turns_go_on_after_midnight() -> None:
    assert times(1, 1, begin=23 * 3600 + 1800) == {"front1": "23:30:00", "back1": "00:00:00"}


@pytest.mark.parametrize("count", [1, 24, 48, 200])
def test_no_two_servers_have_the_same_time(count: int) -> None:
    fronts = min(count, 24)  # each plan names all front ends, and 400 plans of 200 take long
    assert len(set(times(fronts, 2 * count - fronts).values())) == 2 * count


def test_a_host_asks_the_other_front_ends_alone() -> None:
    every = servers(2, 1)
    site = replace(SITE, security_upgrades=SecurityUpgrades(enabled=True, begin=0))
    asked = {each.name: {one.server for one in upgrades.plan(site, every, each).greeters} for each in every}
    assert asked == {"front1": {"front2"}, "front2": {"front1"}, "back1": {"front1", "front2"}}
    assert Greeter("front2", ("10.0.1.2",), 993, True) in upgrades.plan(site, every, every[1]).greeters
    assert Greeter("front2", ("10.0.1.2",), 143, False) in upgrades.plan(site, every, every[1]).greeters


def test_only_what_a_host_can_reach_is_asked() -> None:
    front, back = servers(1, 1)[1], servers(1, 1)[0]
    front = replace(front, addresses=("10.0.1.1", "2001:db8::1"))
    elsewhere = tuple(
        replace(each, remote_ip_ranges=(IpRange(ip_address("192.0.2.0"), ip_address("192.0.2.255")),))
        for each in SITE.receive_connectors
    )
    on = SecurityUpgrades(enabled=True, begin=0)
    asked = {
        name: {(one.port, one.addresses) for one in upgrades.plan(site, [front, asker], asker).greeters}
        for name, site, asker in (
            ("one family", replace(SITE, security_upgrades=on), back),
            ("both", replace(SITE, security_upgrades=on), replace(back, addresses=("10.0.2.1", "2001:db8::2"))),
            ("not the connector", replace(SITE, security_upgrades=on, receive_connectors=elsewhere), back),
        )
    }
    assert asked == {
        "one family": {(993, ("10.0.1.1",)), (143, ("10.0.1.1",)), (587, ("10.0.1.1",))},
        "both": {(port, ("10.0.1.1", "2001:db8::1")) for port in (993, 143, 587)},
        "not the connector": {(993, ("10.0.1.1",)), (143, ("10.0.1.1",))},
    }


def test_nothing_is_asked_where_it_is_off() -> None:
    every = servers(1, 1)
    site = replace(SITE, security_upgrades=SecurityUpgrades(enabled=False, begin=0))
    planned = upgrades.plan(site, every, every[0])
    assert (planned.enabled, planned.time, planned.greeters) == (False, "", ())
