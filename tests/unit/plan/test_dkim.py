from __future__ import annotations

import pytest

from mailpair.plan import dkim
from mailpair.servers import Role, Server
from mailpair.site.model import DkimSigningConfig, PermissionGroup
from tests.unit.plan.sites import receive, site

FRONT = Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",))
ON = DkimSigningConfig("contoso.test", enabled=True, selector="spring")
OFF = DkimSigningConfig("fabrikam.test", enabled=False, selector="spring")


def test_each_front_end_has_a_key_of_its_own() -> None:
    planned = dkim.plan(site(dkim_signing_configs=(ON, OFF)), FRONT)
    path = "/etc/opendkim/keys/contoso.test/spring-front2.private"
    assert planned.keys == (dkim.Key("contoso.test", "spring-front2", path),)
    assert planned.packages == ("opendkim",)


def test_nothing_is_installed_for_nobody() -> None:
    assert dkim.plan(site(dkim_signing_configs=(OFF,)), FRONT).packages == ()


@pytest.mark.parametrize(
    ("groups", "signed"),
    [
        ({"ExchangeUsers"}, True),
        ({"ExchangeUsers", "AnonymousUsers"}, False),
        ({"AnonymousUsers"}, False),
        (set(), False),
    ],
)
def test_what_users_alone_send_is_signed(groups: set[str], signed: bool) -> None:
    connector = receive(permission_groups=frozenset(map(PermissionGroup, groups)))
    assert dkim.signs(site(dkim_signing_configs=(ON,)), connector) is signed
    assert not dkim.signs(site(dkim_signing_configs=(OFF,)), connector)
