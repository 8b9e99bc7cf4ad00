"""What front ends tell mail programs over HTTPS: one thing in each format, and the ports do it."""

from __future__ import annotations

import json
import os
import smtplib
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailpair import telling
from mailpair.site.web_names import discovery_names
from tests.e2e.support import clients, publications
from tests.e2e.support.publications import fetch
from tests.e2e.support.requests import answers, requests
from tests.e2e.support.wait import PATIENCE, until
from tests.e2e.support.wire import wire
from tests.support.readers import apple, k9, outlook, thunderbird, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack
    from tests.support.readers import Told

ADA, CAROL, NOBODY = "ada@contoso.test", "carol@contoso.test", "nobody@contoso.test"
DOMAIN, PAGE, OTHER_PAGE = "contoso.test", "mail.contoso.test", "post.contoso.test"
HTTP, HTTPS = 80, 443

AUTOCONFIG = "https://autoconfig.contoso.test/mail/config-v1.1.xml"
WELL_KNOWN = "https://contoso.test/.well-known/autoconfig/mail/config-v1.1.xml"
AUTODISCOVER = "https://autodiscover.contoso.test/autodiscover/autodiscover.xml"
VERSION_2 = "https://autodiscover.contoso.test/autodiscover/autodiscover.json"
PACC = "https://ua-auto-config.contoso.test/.well-known/user-agent-configuration.json"
ALL = (AUTOCONFIG, WELL_KNOWN, AUTODISCOVER, f"{VERSION_2}?Protocol=AutodiscoverV1", PACC)

REQUEST = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>{address}</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
</Request></Autodiscover>"""
EXAMPLES = 10 * int(os.environ.get("MAILPAIR_FUZZ", "15"))
SERVER_ERRORS = (500, 502, 503, 504)  # 501 and 505 say of a request that it is not understood
ENTITY = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>"""

# In the order in which users are to be told.
POP = [("POP", PAGE, 995, "SSL"), ("POP", PAGE, 110, "TLS")]
IMAP = [("IMAP", PAGE, 993, "SSL")]
SMTP = [("SMTP", "smtp.contoso.test", 587, "TLS"), ("SMTP", "smtp.contoso.test", 465, "SSL")]


def document(**more: Any) -> dict[str, Any]:
    """The site with all that is published, and more changes."""
    return {
        "mailpair_site": {
            "web_site": {"enabled": True},
            "pop_settings": {"external_connection_settings": [f"{PAGE}:995:SSL", f"{PAGE}:110:TLS"]},
            "receive_connectors": {
                "Client Frontend": {
                    "ssl_bindings": ["0.0.0.0:465", "[::]:465"],
                    "external_connection_settings": ["smtp.contoso.test:587:TLS", "smtp.contoso.test:465:SSL"],
                    "internal_connection_settings": ["mail.contoso.test:587:TLS"],
                }
            },
            "certificates": {"mail": {"services": ["POP", "IMAP", "SMTP", "IIS"]}},
            **more,
        }
    }


@pytest.fixture(scope="module")
def named(lab: Lab) -> Iterator[Lab]:
    """The pair, found under all names that are published, as DNS would have it."""
    with lab.names(*discovery_names(DOMAIN), PAGE, OTHER_PAGE, "smtp.contoso.test"):
        yield lab


@pytest.fixture(scope="module")
def published(named: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with its web site on."""
    stack.edit(document())
    stack.up()
    yield named
    stack.restore()


def closed(lab: Lab, port: int) -> bool:
    """Whether nothing answers at a port of the front end."""
    with socket.socket() as knocking:
        knocking.settimeout(1)
        return knocking.connect_ex((lab.front.address, port)) != 0


def told(stack: Stack, address: str) -> dict[str, Any]:
    """What the verb says of a mailbox."""
    answer: dict[str, Any] = json.loads(telling.settings(stack.site_dir, address, as_json=True))
    return answer


def everything(lab: Lab, stack: Stack) -> dict[str, list[Told]]:
    """What each publication says, in its own order, by its name."""
    lines = telling.dns(stack.site_dir)
    outside = told(stack, ADA)["outside"]
    post = fetch(lab, AUTODISCOVER, "POST", REQUEST.format(address=ADA), {"Content-Type": "text/xml"})
    return {
        "autoconfig": told_by(thunderbird.read(fetch(lab, AUTOCONFIG).body, ADA), ADA),
        "well-known": told_by(thunderbird.read(fetch(lab, WELL_KNOWN).body, ADA), ADA),
        "autodiscover": told_by(outlook.read(post.body, ADA), ADA),
        "dns": publications.of_dns(lines, DOMAIN),
        "settings": [
            (protocol.upper(), each["server"], each["port"], each["encryption"])
            for protocol in ("imap", "pop", "smtp")
            for each in outside[protocol]
        ],
    }


def of_protocol(found: list[Told], protocol: str) -> list[Told]:
    return [each for each in found if each[0] == protocol]


# Runs first, while the site is as it was: test_publications changes it for all that follow.
def test_before_publication_the_ports_are_closed(named: Lab) -> None:
    assert [closed(named, port) for port in (HTTP, HTTPS, 993)] == [True, True, False]


def test_what_is_published_is_one_thing_and_the_ports_do_it(published: Lab, stack: Stack) -> None:
    found = everything(published, stack)
    for name, said in found.items():
        for protocol, expected in (("POP", POP), ("IMAP", IMAP), ("SMTP", SMTP)):
            assert of_protocol(said, protocol) == expected, (name, protocol)
    assert sorted(publications.of_pacc(fetch(published, PACC).body)) == sorted([POP[0], IMAP[0], SMTP[1]])
    assert told_by(k9.read(fetch(published, WELL_KNOWN).body, ADA), ADA) == [IMAP[0], SMTP[0]]
    inside = told(stack, ADA)["inside"]["smtp"]
    assert inside == [{"server": PAGE, "port": 587, "encryption": "TLS"}]
    for each in (*POP, *IMAP, *SMTP, ("SMTP", PAGE, 587, "TLS")):
        signs_in(published, each)


def connect_smtp(lab: Lab, encryption: str, host: str, port: int) -> AbstractContextManager[smtplib.SMTP]:
    if encryption == "SSL":
        return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=lab.tls)
    return clients.connect_smtp(lab, host, port)


def signs_in(lab: Lab, setting: Told) -> None:
    """Uses a setting as a mail program does; the certificate has to be for the name."""
    protocol, host, port, encryption = setting
    if protocol == "IMAP":
        with clients.connect_imap(lab, encryption, host=host, port=port) as imap:
            imap.login(ADA, lab.password(ADA))
    elif protocol == "POP":
        with clients.connect_pop(lab, encryption, host=host, port=port) as pop:
            pop.user(ADA)
            pop.pass_(lab.password(ADA))
    else:
        with connect_smtp(lab, encryption, host, port) as smtp:
            smtp.login(ADA, lab.password(ADA))


@pytest.mark.parametrize(
    ("address", "protocol", "offered"), [(ADA, "POP", True), (ADA, "IMAP", True), (CAROL, "POP", False)]
)
def test_a_profile_is_the_mailbox_s_own(
    published: Lab, stack: Stack, address: str, protocol: str, offered: bool
) -> None:
    if offered:
        installed = apple.read(telling.profile(stack.site_dir, address, protocol))
        assert told_by(installed.servers, address) == [(POP if protocol == "POP" else IMAP)[0], SMTP[0]]
        assert installed.address == address
    else:
        with pytest.raises(telling.UsageError, match="told of no way to read over POP and to send"):
            telling.profile(stack.site_dir, address, protocol)
    assert told(stack, CAROL)["outside"]["pop"] == []


@pytest.mark.parametrize("url", ALL)
def test_answers_are_the_same_for_everyone_and_say_how_to_take_them(published: Lab, url: str) -> None:
    mark = "&" if "?" in url else "?"
    known, unknown = (fetch(published, f"{url}{mark}emailaddress={address}") for address in (ADA, NOBODY))
    assert known.status == 200
    for each in (known, unknown):
        each.headers.pop("date")
    assert known == unknown
    assert known.headers["content-type"].partition(";")[0] == ("application/json" if "json" in url else "text/xml")
    assert known.headers["strict-transport-security"] == "max-age=31536000"
    assert known.headers["x-content-type-options"] == "nosniff"
    assert known.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert known.headers["server"] == "nginx"


def test_outlook_asks_with_post_and_nothing_reads_what_it_sends(published: Lab) -> None:
    asked = [REQUEST.format(address=ADA), REQUEST.format(address=NOBODY), ENTITY, "", "<"]
    answers = {fetch(published, AUTODISCOVER, "POST", text).body for text in asked}
    assert answers == {fetch(published, AUTODISCOVER).body}
    assert (
        fetch(published, AUTODISCOVER.replace("/autodiscover/a", "/Autodiscover/A"), "POST", asked[0]).body in answers
    )
    assert fetch(published, AUTODISCOVER, "POST", "x" * 100_000).status == 413


def test_requests_that_nobody_would_have_thought_of_are_told_nothing_else(published: Lab) -> None:
    """No answer is an error of the server's, and what is found is one of the files that are published."""
    files = {fetch(published, url).body for url in ALL}
    names = discovery_names(DOMAIN)
    paths = [url.split("/", 3)[3].encode() for url in ALL]
    bodies = [REQUEST.format(address=ADA).encode(), ENTITY.encode()]
    strange = requests(paths, [*(name.encode() for name in names), b"", b"x", b"127.0.0.1", b"a b"], bodies)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    @given(st.sampled_from(names), strange)
    def ask(name: str, request: bytes) -> None:
        with wire(name, HTTPS) as client:
            client.start_tls(published.tls)
            with suppress(OSError):  # refused before its end
                client.send(request)
            client.no_more()
            said = client.rest()
        for each in answers(said, head=request.startswith(b"HEAD")):
            assert each.status not in SERVER_ERRORS
            assert each.status != 200 or each.body in files or request.startswith(b"HEAD")

    ask()
    assert {fetch(published, url).status for url in ALL} == {200}


def test_version_2_leads_to_the_xml_and_knows_nothing_else(published: Lab) -> None:
    for path in ("?Email=ada%40contoso.test&Protocol=AutodiscoverV1", f"/v1.0/{ADA}?Protocol=autodiscoverv1"):
        assert json.loads(fetch(published, VERSION_2 + path).body)["Url"] == AUTODISCOVER
    for protocol in ("?Protocol=ActiveSync", "?Protocol=EWS", ""):
        assert fetch(published, VERSION_2 + protocol).status == 404


def test_in_the_clear_there_is_thunderbird_s_file_and_the_way_to_https(published: Lab) -> None:
    for url in (AUTOCONFIG, WELL_KNOWN):
        assert fetch(published, url.replace("https", "http")).body == fetch(published, url).body
    for url in (AUTODISCOVER, PACC):
        answer = fetch(published, url.replace("https", "http"))
        assert (answer.status, answer.headers["location"]) == (301, url)


def test_other_names_and_paths_have_nothing(published: Lab) -> None:
    front = published.front.fqdn
    places = (f"https://{front}/mail/config-v1.1.xml", f"https://{PAGE}/mail/config-v1.1.xml", f"https://{DOMAIN}/",
              f"https://{DOMAIN}/published/autodiscover.xml", f"https://{DOMAIN}/.well-known/../../../etc/passwd",
              f"http://{front}/mail/config-v1.1.xml")  # fmt: skip
    assert {fetch(published, place).status for place in places} <= {400, 404}


def test_addresses_are_in_no_log(published: Lab) -> None:
    mark = "marked-address@contoso.test"
    fetch(published, f"{AUTOCONFIG}?emailaddress={mark}")
    fetch(published, AUTODISCOVER, "POST", REQUEST.format(address=mark))
    fetch(published, f"https://{PAGE}/the-last-of-these")
    log = "/var/log/nginx/access.log"
    until(
        lambda: published.front.run(f"grep -c the-last-of-these {log}", check=False).strip() != "0", "a line in the log"
    )
    assert published.front.run("grep -rl marked-address /var/log/nginx", check=False) == ""


def test_the_page_s_name_is_a_place_of_its_own(published: Lab, stack: Stack) -> None:
    """Also: what is switched off is gone everywhere after the next run, by reload."""
    master = published.front.run("cat /run/nginx.pid")
    off = {"front_end": False, "back_end": False}
    stack.edit(document(services={"pop3": off}, web_site={"enabled": True, "host_name": OTHER_PAGE}))
    stack.up()
    assert published.front.run("cat /run/nginx.pid") == master
    for name, said in everything(published, stack).items():
        assert of_protocol(said, "POP") == [], name
        assert of_protocol(said, "IMAP") == IMAP, name
    assert [each[0] for each in publications.of_pacc(fetch(published, PACC).body)] == ["IMAP", "SMTP"]
    assert fetch(published, f"http://{OTHER_PAGE}/x").headers["location"] == f"https://{OTHER_PAGE}/x"
    assert fetch(published, f"https://{OTHER_PAGE}/mail/config-v1.1.xml").status == 404


def test_what_is_published_can_be_brought_alone(published: Lab, stack: Stack) -> None:
    stack.edit(document(imap_settings={"external_connection_settings": [f"{PAGE}:143:TLS"]}))
    stack.playbook(stack.inventory(), name="publish.yml")
    found = told_by(thunderbird.read(fetch(published, AUTOCONFIG).body, ADA), ADA)
    assert of_protocol(found, "IMAP") == [("IMAP", PAGE, 143, "TLS")]
    assert of_protocol(told_by(outlook.read(fetch(published, AUTODISCOVER).body, ADA), ADA), "IMAP") == of_protocol(
        found, "IMAP"
    )
    assert publications.of_pacc(fetch(published, PACC).body) != []
    page = json.loads(published.front.run("cat /etc/mailpair/portal.json"))["settings"]["outside"]["imap"]
    assert page == [{"server": PAGE, "port": 143, "encryption": "TLS"}]
    signs_in(published, ("IMAP", PAGE, 143, "TLS"))
    stack.edit(document(receive_connectors={"Client Frontend": {"advertise_client_settings": False}}))
    stack.playbook(stack.inventory(), name="publish.yml")
    assert fetch(published, AUTOCONFIG).status == 404
    assert {each[0] for each in told_by(outlook.read(fetch(published, AUTODISCOVER).body, ADA), ADA)} == {"IMAP", "POP"}
