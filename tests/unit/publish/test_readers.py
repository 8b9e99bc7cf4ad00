"""Mail programs' own readers, given every publication, and given faults, which they refuse in their own way."""

from __future__ import annotations

import plistlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from mailpair.publish import ClientProtocol, autoconfig, autodiscover, client_settings, profile
from mailpair.site.model import ConnectionSetting, ServicePair, Site, WebSite
from tests.support.readers import RefusedError, apple, k9, outlook, thunderbird, told_by
from tests.unit.publish.test_clients import ADA, ADVERTISED, PUBLISHED, SERVERS, SSL, TLS

POP, IMAP, SMTP = ClientProtocol.POP, ClientProtocol.IMAP, ClientProtocol.SMTP
OFF = ServicePair()
LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "contoso.test"])


def at(host: str, *ports: tuple[int, Any]) -> tuple[ConnectionSetting, ...]:
    return tuple(ConnectionSetting(host, port, encryption) for port, encryption in ports)


def elsewhere(*, pop: tuple[ConnectionSetting, ...], smtp: tuple[ConnectionSetting, ...]) -> Site:
    return replace(
        PUBLISHED,
        pop_settings=replace(PUBLISHED.pop_settings, external_connection_settings=pop),
        receive_connectors=(replace(ADVERTISED, external_connection_settings=smtp),),
    )


SITES = {
    "both": PUBLISHED,
    "POP alone": replace(PUBLISHED, imap4=OFF),
    "IMAP alone": replace(PUBLISHED, pop3=OFF),
    "sending alone": replace(PUBLISHED, pop3=OFF, imap4=OFF),
    "no sending": replace(PUBLISHED, receive_connectors=()),
    "several of each": elsewhere(
        pop=at("pop.contoso.test", (995, SSL), (110, TLS)), smtp=at("smtp.contoso.test", (587, TLS), (465, SSL))
    ),
    "a name of digits, hyphens and all its length": elsewhere(
        pop=at(LONG, (995, SSL)), smtp=at("1-2.test", (465, SSL))
    ),
    "a name in another alphabet": elsewhere(
        pop=at("xn--bcher-kva.test", (995, SSL)), smtp=at("xn--bcher-kva.test", (587, TLS))
    ),
    "a page": replace(PUBLISHED, web_site=WebSite(enabled=True, host_name="post.contoso.test")),
    "nothing": replace(PUBLISHED, pop3=OFF, imap4=OFF, receive_connectors=()),
}


def advertised(site: Site, *protocols: ClientProtocol) -> list[tuple[str, str, int, str]]:
    """What a program is to be told, by protocol and then in the document's order."""
    told = client_settings(site, SERVERS)
    return [
        (each.protocol.value, each.server, each.port, each.encryption.value)
        for protocol in protocols
        for each in told
        if each.protocol is protocol
    ]


every_site = pytest.mark.parametrize("site", SITES.values(), ids=list(SITES))


@every_site
def test_thunderbird_ends_up_with_what_is_advertised(site: Site) -> None:
    made = autoconfig(site, SERVERS)
    usable = advertised(site, SMTP) and advertised(site, IMAP, POP)
    assert (made is not None) == bool(usable)
    if made:
        servers = thunderbird.read(made.encode(), ADA.address)
        assert told_by(servers, ADA.address) == advertised(site, IMAP, POP, SMTP)
        assert all(each.leaves_copy for each in servers if each.told[0] == "POP")


@every_site
def test_k9_takes_the_first_for_imap_and_the_first_for_sending(site: Site) -> None:
    made = autoconfig(site, SERVERS)
    if made and advertised(site, IMAP):
        servers = k9.read(made.encode(), ADA.address)
        assert told_by(servers, ADA.address) == [advertised(site, IMAP)[0], advertised(site, SMTP)[0]]
    elif made:  # it knows no POP
        with pytest.raises(RefusedError, match=r"^Missing 'incomingServer' element$"):
            k9.read(made.encode(), ADA.address)


@every_site
def test_outlook_ends_up_with_what_is_advertised(site: Site) -> None:
    made = autodiscover(site, SERVERS)
    assert (made is not None) == bool(advertised(site, *ClientProtocol))
    if made:
        assert told_by(outlook.read(made.encode(), ADA.address), ADA.address) == advertised(site, IMAP, POP, SMTP)


@every_site
@pytest.mark.parametrize("protocol", [POP, IMAP])
def test_a_device_of_apple_s_ends_up_with_the_first_of_each(site: Site, protocol: ClientProtocol) -> None:
    made = profile(site, ADA, protocol, SERVERS, [b"DER"])
    both = [advertised(site, protocol), advertised(site, SMTP)]
    assert (made is not None) == all(both)
    if made:
        installed = apple.read(made)
        assert told_by(installed.servers, ADA.address) == [each[0] for each in both]
        assert (installed.address, installed.authorities) == (ADA.address, [b"DER"])


# --- a reader can refuse ----------------------------------------------------------------------------------------------

XML = str(autoconfig(SITES["several of each"], SERVERS))
POX = str(autodiscover(PUBLISHED, SERVERS))


def changed(text: str, changes: Iterable[tuple[str, str]]) -> bytes:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


@pytest.mark.parametrize(
    ("changes", "thunderbird_says", "k9_says"),
    [
        ([("clientConfig", "config")], "no clientConfig", "Missing 'clientConfig' element"),
        ([("emailProvider", "provider")], "no emailProvider", "Missing 'emailProvider' element"),
        ([(' id="contoso.test"', "")], "emailProvider has no id", "Missing 'emailProvider.id' attribute"),
        ([(' id="contoso.test"', ' id="Contoso Ltd"')], "emailProvider has no id", "Invalid 'emailProvider.id'"),
        ([("<domain>contoso", "<domain>con toso")], "no proper domain", "Valid 'domain' element required"),
        ([("<hostname>", "<hostname>http://")], "hostname 'http://", "Invalid 'hostname' value: 'http://"),
        ([("<hostname>", "<host>"), ("</hostname>", "</host>")], "hostname None", "Missing 'hostname' element"),
        ([("<port>", "<port>x")], "port 'x", "Invalid 'port' value: 'x"),
        ([("<port>", "<port>9"), ("</port>", "999</port>")], "port '9", "Invalid 'port' value: '9"),
        ([("socketType", "socket")], "no socketType", "Missing 'socketType' element"),
        ([(">SSL<", ">TLS<"), (">STARTTLS<", ">TLS<")], "no socketType", "Unknown 'socketType' value: 'TLS'"),
        ([("password-cleartext", "password")], "no authentication", "No usable 'authentication' element found"),
        ([("%EMAILADDRESS%", "")], "no username", None),
        ([("username", "user")], "no username", "Missing 'username' element"),
        ([("incomingServer", "server")], "no proper incomingServer", "Missing 'incomingServer' element"),
        ([("outgoingServer", "server")], "no proper outgoingServer", "Missing 'outgoingServer' element"),
        ([('"smtp"', '"esmtp"')], "type 'esmtp' is not supported", "Missing 'outgoingServer' element"),
        ([("<clientConfig", "<!DOCTYPE x><clientConfig")], "a document type", "a document type"),
        ([("</clientConfig>", "")], "not XML", "not XML"),
    ],
)
def test_a_fault_in_autoconfig_is_refused(
    changes: list[tuple[str, str]], thunderbird_says: str, k9_says: str | None
) -> None:
    body = changed(XML, changes)
    with pytest.raises(RefusedError) as refused:
        thunderbird.read(body, ADA.address)
    assert thunderbird_says in str(refused.value)
    if k9_says is None:
        assert [each.username for each in k9.read(body, ADA.address)] == ["", ""]
    else:
        with pytest.raises(RefusedError) as refused:
            k9.read(body, ADA.address)
        assert k9_says in str(refused.value)


def test_one_fault_ends_it_for_k9_and_not_for_thunderbird() -> None:
    body = changed(XML, [("<port>465</port>", "<port>smtps</port>")])
    assert ("SMTP", "smtp.contoso.test", 587, "TLS") in [each.told for each in thunderbird.read(body, ADA.address)]
    with pytest.raises(RefusedError, match=r"^Invalid 'port' value: 'smtps'$"):
        k9.read(body, ADA.address)


def test_a_name_of_the_local_part_is_no_address() -> None:
    body = changed(XML, [("%EMAILADDRESS%", "%EMAILLOCALPART%")])
    for read in (thunderbird.read, k9.read):
        assert {each.username for each in read(body, ADA.address)} == {"ada"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([('responseschema/2006"', 'responseschema/2007"')], "no Autodiscover"),
        ([("responseschema/2006a", "responseschema/2006b")], "no Account"),
        ([(">email<", ">mail<")], "AccountType is 'mail', not 'email'"),
        ([(">settings<", ">redirectUrl<")], "Action is 'redirectUrl', not 'settings'"),
        ([("<SPA>off<", "<SPA>no<")], "SPA is 'no', not on or off"),
        ([("<Encryption>SSL<", "<Encryption>STARTTLS<")], "Encryption is 'STARTTLS'"),
        ([("<Server>", "<Server>imaps://")], "Server is 'imaps://"),
        ([("<Port>993<", "<Port>imaps<")], "Port is 'imaps'"),
        ([("<SPA>off</SPA>", "<SPA>off</SPA><SPA>off</SPA>")], "SPA is there twice"),
    ],
)
def test_a_fault_in_autodiscover_is_refused(changes: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        outlook.read(changed(POX, changes), ADA.address)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ([("<Type>IMAP<", "<Type>JMAP<")], ("POP", "mail.contoso.test", 995, "SSL")),  # passed over
        ([("<Encryption>TLS</Encryption>", "")], ("IMAP", "mail.contoso.test", 143, "SSL")),  # what SSL says
        ([("<Port>143</Port>", "")], ("IMAP", "mail.contoso.test", 143, "TLS")),  # what it supplies
    ],
)
def test_outlook_supplies_what_is_not_said(changes: list[tuple[str, str]], first: tuple[str, str, int, str]) -> None:
    assert outlook.read(changed(POX, changes), ADA.address)[0].told == first


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ([], "ada@contoso.test"),
        ([("<DomainRequired>on<", "<DomainRequired>off<")], "ada"),
        ([("<DomainRequired>on</DomainRequired>", "")], "ada"),
        ([("<SPA>", "<DomainName>CONTOSO</DomainName><SPA>")], "CONTOSO\\ada"),
        ([("<SPA>", "<LoginName>lovelace</LoginName><SPA>")], "lovelace"),
    ],
)
def test_outlook_makes_the_name_to_sign_in_with(changes: list[tuple[str, str]], name: str) -> None:
    assert {each.username for each in outlook.read(changed(POX, changes), ADA.address)} == {name}


def whole() -> dict[str, Any]:
    made = profile(PUBLISHED, ADA, IMAP, SERVERS, [b"DER"])
    assert made
    loaded: dict[str, Any] = plistlib.loads(made)
    return loaded


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("EmailAccountType", "EmailTypeJMAP", "EmailAccountType is 'EmailTypeJMAP'"),
        ("IncomingMailServerAuthentication", "Password", "IncomingMailServerAuthentication is 'Password'"),
        ("OutgoingMailServerHostName", "smtp://x", "OutgoingMailServerHostName is 'smtp://x'"),
        ("IncomingMailServerPortNumber", "993", "IncomingMailServerPortNumber is '993'"),
        ("IncomingMailServerUseSSL", 1, "IncomingMailServerUseSSL is 1"),
        ("IncomingServerHost", "x", "IncomingServerHost: no such key"),
        ("PayloadUUID", "7", "PayloadUUID is '7'"),
        *(
            (key, None, f"{key} is missing")
            for key in ("EmailAccountType", "IncomingMailServerHostName", "PayloadVersion")
        ),
    ],
)
def test_a_fault_in_a_profile_is_refused(key: str, value: object, said: str) -> None:
    made = whole()
    mail = made["PayloadContent"][0]
    mail[key] = value
    if value is None:
        del mail[key]
    with pytest.raises(RefusedError) as refused:
        apple.read(plistlib.dumps(made))
    assert said in str(refused.value)


def test_payloads_do_not_share_what_tells_them_apart() -> None:
    made = whole()
    first, second = made["PayloadContent"]
    second["PayloadUUID"] = first["PayloadUUID"]
    with pytest.raises(RefusedError, match=r"^PayloadUUID is there twice$"):
        apple.read(plistlib.dumps(made))


@pytest.mark.parametrize(
    ("port", "ssl", "begins"), [(993, True, "SSL"), (143, True, "TLS"), (993, False, "plain"), (1, True, "asked")]
)
def test_a_device_knows_by_the_port_how_tls_begins(port: int, ssl: bool, begins: str) -> None:
    made = whole()
    made["PayloadContent"][0] |= {"IncomingMailServerPortNumber": port, "IncomingMailServerUseSSL": ssl}
    assert apple.read(plistlib.dumps(made)).servers[0].told[3] == begins


@pytest.mark.parametrize("body", [b"", b"not a list", b"<plist><string>x</string></plist>"])
def test_what_is_no_profile_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError):
        apple.read(body)
