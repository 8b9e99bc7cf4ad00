"""Publications for mail programs, read by the readers of the end-to-end tests."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mailpair.publish import ClientProtocol, autoconfig, autodiscover, autodiscover_json, pacc, pacc_digest, profile
from mailpair.publish.settings_text import settings_json, settings_text
from mailpair.site.model import ConnectionSetting, ServicePair, Site, WebSite
from tests.e2e.support import publications
from tests.support.readers import apple, outlook, thunderbird, told_by
from tests.unit.publish.test_clients import ADA, ADVERTISED, DEFAULT, PUBLISHED, SERVERS, SSL, TLS, bindings

MAIL = "mail.contoso.test"
POP, IMAP = ("POP", MAIL, 995, "SSL"), ("IMAP", MAIL, 993, "SSL")
IMAP_TLS, SMTP = ("IMAP", MAIL, 143, "TLS"), ("SMTP", MAIL, 587, "TLS")
NO_SMTP = replace(PUBLISHED, receive_connectors=())
ONLY_SMTP = replace(PUBLISHED, pop3=ServicePair(), imap4=ServicePair())


def test_thunderbird_is_told_in_the_document_s_order_with_imap_first() -> None:
    made = autoconfig(PUBLISHED, SERVERS)
    assert made is not None
    assert told_by(thunderbird.read(made.encode(), ADA.address), ADA.address) == [IMAP_TLS, IMAP, POP, SMTP]


@pytest.mark.parametrize("site", [DEFAULT, NO_SMTP, ONLY_SMTP])
def test_thunderbird_is_told_nothing_that_makes_no_account(site: Site) -> None:
    assert autoconfig(site, SERVERS) is None


def test_thunderbird_is_led_to_the_page_where_there_is_one() -> None:
    site = replace(PUBLISHED, web_site=WebSite(enabled=True, host_name="post.contoso.test"))
    assert '<documentation url="https://post.contoso.test/">' in str(autoconfig(site, SERVERS))
    assert "<documentation" not in str(autoconfig(PUBLISHED, SERVERS))


def test_outlook_is_told_whatever_there_is() -> None:
    for site, told in ((PUBLISHED, [IMAP_TLS, IMAP, POP, SMTP]), (ONLY_SMTP, [SMTP])):
        made = str(autodiscover(site, SERVERS)).encode()
        assert told_by(outlook.read(made, ADA.address), ADA.address) == told
    assert autodiscover(DEFAULT, SERVERS) is None


def test_version_2_leads_to_the_domain_s_own_xml() -> None:
    assert json.loads(str(autodiscover_json(PUBLISHED, "fabrikam.test", SERVERS))) == {
        "Protocol": "AutodiscoverV1",
        "Url": "https://autodiscover.fabrikam.test/autodiscover/autodiscover.xml",
    }
    assert autodiscover_json(DEFAULT, "fabrikam.test", SERVERS) is None


def test_pacc_has_what_is_spoken_at_its_own_port_with_tls_from_the_first_byte() -> None:
    assert publications.of_pacc(str(pacc(PUBLISHED, SERVERS)).encode()) == [IMAP, POP]
    elsewhere = replace(PUBLISHED.imap_settings, external_connection_settings=(ConnectionSetting(MAIL, 1993, SSL),))
    assert pacc(replace(PUBLISHED, imap_settings=elsewhere, pop3=ServicePair()), SERVERS) is None


def test_a_digest_is_of_the_file_s_bytes() -> None:
    assert pacc_digest("x\n") == "v=UAAC1; a=sha256; d=c8s4WKaHqElMozIwUwFigvPa051Cz2LKTnndoqrH2aw="


def test_a_profile_has_the_first_of_each_and_the_ca() -> None:
    made = profile(PUBLISHED, ADA, ClientProtocol.IMAP, SERVERS, [b"DER", b"NEW"])
    assert made is not None
    installed = apple.read(made)
    assert told_by(installed.servers, ADA.address) == [IMAP_TLS, SMTP]
    assert installed.address == ADA.address
    assert installed.authorities == [b"DER", b"NEW"]
    assert made == profile(PUBLISHED, ADA, ClientProtocol.IMAP, SERVERS, [b"DER", b"NEW"])


@pytest.mark.parametrize(
    ("site", "mailbox", "protocol"),
    [
        (PUBLISHED, replace(ADA, imap_enabled=False), ClientProtocol.IMAP),
        (PUBLISHED, replace(ADA, account_disabled=True), ClientProtocol.IMAP),
        (PUBLISHED, ADA, ClientProtocol.SMTP),
        (NO_SMTP, ADA, ClientProtocol.POP),
        (DEFAULT, ADA, ClientProtocol.POP),
    ],
)
def test_there_is_no_profile_for_what_is_not_told(site: Site, mailbox: object, protocol: ClientProtocol) -> None:
    assert profile(site, mailbox, protocol, SERVERS) is None  # type: ignore[arg-type]


def test_text_that_means_something_in_xml_stays_text() -> None:
    address = 'o\'brien&"<b>"@contoso.test'
    made = profile(PUBLISHED, replace(ADA, address=address), ClientProtocol.POP, SERVERS)
    assert made is not None
    assert apple.read(made).address == address


def test_a_person_reads_both_views() -> None:
    assert settings_text(PUBLISHED, SERVERS[:1], replace(ADA, pop_enabled=False)) == (
        "Settings of ada@contoso.test, who signs in with this address\n"
        "\n"
        "Outside\n"
        "  POP   not offered\n"
        "  IMAP  mail.contoso.test  port 143    STARTTLS (TLS)\n"
        "  IMAP  mail.contoso.test  port 993    TLS from the first byte (SSL)\n"
        "  SMTP  mail.contoso.test  port 587    STARTTLS (TLS)\n"
        "\n"
        "Inside\n"
        "  POP   not offered\n"
        "  IMAP  imap.contoso.test  port 993    TLS from the first byte (SSL)\n"
        "  SMTP  mail.contoso.test  port 587    STARTTLS (TLS)\n"
    )


def test_a_script_reads_the_same() -> None:
    said = settings_json(PUBLISHED, SERVERS, replace(ADA, imap_enabled=False))
    assert said["address"] == ADA.address
    assert said["outside"]["imap"] == said["inside"]["imap"] == []
    assert said["outside"]["pop"] == [{"server": MAIL, "port": 995, "encryption": "SSL"}]


def test_a_connector_says_what_is_told_of_it_inside_and_outside() -> None:
    connector = replace(
        ADVERTISED,
        ssl_bindings=bindings(465),
        external_connection_settings=(ConnectionSetting("out.contoso.test", 465, SSL),),
        internal_connection_settings=(),
    )
    said = settings_json(replace(PUBLISHED, receive_connectors=(connector,)), SERVERS, ADA)
    assert said["outside"]["smtp"] == [{"server": "out.contoso.test", "port": 465, "encryption": "SSL"}]
    assert said["inside"]["smtp"] == []
    silent = replace(connector, advertise_client_settings=False)
    assert settings_json(replace(PUBLISHED, receive_connectors=(silent,)), SERVERS, ADA)["outside"]["smtp"] == []
    inside = replace(connector, internal_connection_settings=(ConnectionSetting("in.contoso.test", 587, TLS),))
    said = settings_json(replace(PUBLISHED, receive_connectors=(inside,)), SERVERS, ADA)
    assert said["inside"]["smtp"] == [{"server": "in.contoso.test", "port": 587, "encryption": "TLS"}]
