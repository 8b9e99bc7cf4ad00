from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address

import pytest

from mailpair.plan import plan
from mailpair.plan.role import plain
from mailpair.servers import Role, Server
from mailpair.site.model import ServicePair
from tests.unit.plan.sites import NO_PROTOCOL, bindings, mailbox, receive, site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
ON = ServicePair(front_end=True, back_end=True)
SITE = site(pop3=ON, imap4=ON, mailboxes=(mailbox("ada@contoso.test"),), receive_connectors=(receive(),))


@pytest.mark.parametrize(
    ("server", "roles"),
    [
        (
            FRONT,
            {
                "acme",
                "base",
                "certificates",
                "client_access",
                "dkim",
                "metrics",
                "provided_certificates",
                "portal",
                "publication",
                "quota_gate",
                "receive_connector",
                "renewal",
                "upgrades",
                "virtual_address",
            },
        ),
        (BACK, {"backup", "base", "certificates", "mailbox", "metrics", "renewal", "upgrades"}),
    ],
)
def test_a_server_gets_its_roles_as_data_for_json(server: Server, roles: set[str]) -> None:
    planned = plan(SITE, (FRONT, BACK), server)
    assert set(planned) == roles
    assert json.loads(json.dumps(planned)) == planned


def test_the_firewall_opens_what_the_roles_listen_on() -> None:
    sets = plan(
        site(
            imap4=ON,
            imap_settings=NO_PROTOCOL,
            pop3=ON,
            pop_settings=replace(NO_PROTOCOL, ssl_bindings=bindings("0.0.0.0:995")),
            receive_connectors=(receive(),),
        ),
        (FRONT, BACK),
        FRONT,
    )["base"]["sets"]
    assert {each["name"]: each["elements"] for each in sets}["public_ports"] == [587, 995]


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    colour: Colour
    where: object


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ((1, "a"), [1, "a"]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({"key": ip_address("::1")}, {"key": "::1"}),
        (Thing(Colour.RED, (ip_address("192.0.2.1"),)), {"colour": "red", "where": ["192.0.2.1"]}),
    ],
)
def test_plain_data(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_what_has_no_plain_form_is_a_slip() -> None:
    with pytest.raises(TypeError, match=r"^bytes has no plain form$"):
        plain({"key": b"value"})
