"""What users are told."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address

import pytest

from mailpair.publish import ClientProtocol, View, client_settings, client_settings_json
from mailpair.servers import Role, Server
from mailpair.site.model import (
    Binding,
    ConnectionSetting,
    Encryption,
    Kind,
    Mailbox,
    ServerSettings,
    ServicePair,
    Site,
)
from tests.unit.sites import default_mailbox, default_site

ON = ServicePair(front_end=True, back_end=True)
SSL, TLS = Encryption.SSL, Encryption.TLS
SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",)),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",)),
    Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",)),
)


def bindings(*ports: int) -> tuple[Binding, ...]:
    return tuple(Binding(ip_address(address), port) for port in ports for address in ("0.0.0.0", "::"))


CLIENT_FRONTEND = default_site().receive_connectors[0]
DEFAULT = replace(default_site(), receive_connectors=(CLIENT_FRONTEND,))
ADVERTISED = replace(CLIENT_FRONTEND, advertise_client_settings=True, fqdn="mail.contoso.test")
PUBLISHED = replace(
    DEFAULT,
    pop3=ON,
    imap4=ON,
    pop_settings=replace(
        DEFAULT.pop_settings, external_connection_settings=(ConnectionSetting("mail.contoso.test", 995, SSL),)
    ),
    imap_settings=replace(
        DEFAULT.imap_settings,
        external_connection_settings=(
            ConnectionSetting("mail.contoso.test", 143, TLS),
            ConnectionSetting("mail.contoso.test", 993, SSL),
        ),
        internal_connection_settings=(ConnectionSetting("imap.contoso.test", 993, SSL),),
    ),
    receive_connectors=(ADVERTISED,),
)
ADA = default_mailbox()


def told(site: Site, mailbox: Mailbox | None = None, view: View = View.OUTSIDE) -> list[str]:
    """The settings for all servers, as text."""
    return [
        f"{each.protocol.value} {each.server}:{each.port}:{each.encryption.value}"
        for each in client_settings(site, SERVERS, mailbox, view)
    ]


@pytest.mark.parametrize("view", View)
def test_by_default_users_are_told_nothing(view: View) -> None:
    assert told(DEFAULT, view=view) == []
    assert told(replace(DEFAULT, pop3=ON, imap4=ON), view=view) == []


def test_outside_it_is_what_the_document_lists_in_its_order() -> None:
    assert told(PUBLISHED) == [
        "POP mail.contoso.test:995:SSL",
        "IMAP mail.contoso.test:143:TLS",
        "IMAP mail.contoso.test:993:SSL",
        "SMTP mail.contoso.test:587:TLS",
    ]


def test_inside_it_is_what_the_document_lists_or_each_front_end_s_own_name() -> None:
    assert told(PUBLISHED, view=View.INSIDE) == [
        "POP front1.contoso.test:995:SSL",
        "POP front1.contoso.test:110:TLS",
        "POP front2.contoso.test:995:SSL",
        "POP front2.contoso.test:110:TLS",
        "IMAP imap.contoso.test:993:SSL",
        "SMTP mail.contoso.test:587:TLS",
    ]


def test_an_empty_list_inside_is_nothing() -> None:
    silent = replace(PUBLISHED, imap_settings=replace(PUBLISHED.imap_settings, internal_connection_settings=()))
    assert not any(line.startswith("IMAP") for line in told(silent, view=View.INSIDE))


@pytest.mark.parametrize(
    "pair", [ServicePair(), ServicePair(front_end=True), ServicePair(back_end=True)], ids=["off", "front", "back"]
)
@pytest.mark.parametrize("view", View)
def test_a_protocol_is_told_of_only_while_both_of_its_services_run(pair: ServicePair, view: View) -> None:
    assert not any(line.startswith("POP") for line in told(replace(PUBLISHED, pop3=pair), view=view))
    assert any(line.startswith("IMAP") for line in told(replace(PUBLISHED, pop3=pair), view=view))


@pytest.mark.parametrize("view", View)
def test_an_owner_is_told_of_what_the_mailbox_may(view: View) -> None:
    def protocols(mailbox: Mailbox) -> set[str]:
        return {line.split()[0] for line in told(PUBLISHED, mailbox, view)}

    assert protocols(ADA) == {"POP", "IMAP", "SMTP"}
    assert protocols(replace(ADA, pop_enabled=False)) == {"IMAP", "SMTP"}
    assert protocols(replace(ADA, imap_enabled=False)) == {"POP", "SMTP"}
    assert protocols(replace(ADA, pop_enabled=False, imap_enabled=False)) == {"SMTP"}
    for kind in set(Kind) - {Kind.USER}:
        assert protocols(replace(ADA, kind=kind)) == set()


def test_a_connector_that_is_off_is_not_told_of() -> None:
    assert not any(
        line.startswith("SMTP")
        for line in told(replace(PUBLISHED, receive_connectors=(replace(ADVERTISED, enabled=False),)))
    )


def test_a_connector_without_a_name_has_each_front_end_s() -> None:
    nameless = replace(ADVERTISED, fqdn=None)
    assert told(replace(DEFAULT, receive_connectors=(nameless,))) == [
        "SMTP front1.contoso.test:587:TLS",
        "SMTP front2.contoso.test:587:TLS",
    ]


def test_tls_from_the_first_byte_comes_first_and_what_only_the_server_reaches_never() -> None:
    both = replace(
        ADVERTISED,
        ssl_bindings=bindings(465),
        bindings=(*bindings(587), Binding(ip_address("127.0.0.1"), 2587), Binding(ip_address("10.0.0.11"), 587)),
    )
    assert told(replace(DEFAULT, receive_connectors=(both,))) == [
        "SMTP mail.contoso.test:465:SSL",
        "SMTP mail.contoso.test:587:TLS",
    ]


def test_a_server_s_own_settings_are_told_beside_the_others() -> None:
    second = replace(
        PUBLISHED.pop_settings,
        ssl_bindings=bindings(1995),
        unencrypted_or_tls_bindings=(),
        external_connection_settings=(ConnectionSetting("branch.contoso.test", 1995, SSL),),
    )
    site = replace(PUBLISHED, servers=(ServerSettings("front2", second, PUBLISHED.imap_settings),))
    assert told(site)[:2] == ["POP mail.contoso.test:995:SSL", "POP branch.contoso.test:1995:SSL"]
    assert told(site, view=View.INSIDE)[:3] == [
        "POP front1.contoso.test:995:SSL",
        "POP front1.contoso.test:110:TLS",
        "POP front2.contoso.test:1995:SSL",
    ]


def test_without_servers_only_names_in_the_document_are_known() -> None:
    assert [each.protocol for each in client_settings(PUBLISHED, view=View.INSIDE)] == [
        ClientProtocol.IMAP,
        ClientProtocol.SMTP,
    ]
    assert len(client_settings(PUBLISHED)) == 4
    assert client_settings(replace(DEFAULT, receive_connectors=(replace(ADVERTISED, fqdn=None),))) == ()


def test_the_json_form_has_both_views_and_all_protocols() -> None:
    rendered = client_settings_json(PUBLISHED, SERVERS)
    assert json.loads(json.dumps(rendered)) == rendered
    assert list(rendered) == ["outside", "inside"]
    assert rendered["outside"] == {
        "pop": [{"server": "mail.contoso.test", "port": 995, "encryption": "SSL"}],
        "imap": [
            {"server": "mail.contoso.test", "port": 143, "encryption": "TLS"},
            {"server": "mail.contoso.test", "port": 993, "encryption": "SSL"},
        ],
        "smtp": [{"server": "mail.contoso.test", "port": 587, "encryption": "TLS"}],
    }
    assert client_settings_json(DEFAULT, SERVERS)["inside"] == {"pop": [], "imap": [], "smtp": []}
