"""Every notation takes what people write and paste, gives back what it took, and never fails but in its own way."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mailpair.settings import endpoints, names, notation, quantities, texts
from mailpair.settings.notation import ListOf, Notation, NotationError
from mailpair.settings.values import (
    AddressSpace,
    AuthMechanism,
    Binding,
    ConnectionSetting,
    Encryption,
    IpRange,
    LoginType,
    SmartHost,
    TlsCertificateName,
)
from tests.unit.settings.test_records import ALL

SIZE = quantities.size(0, 1 << 50)

NOTATIONS: dict[str, Notation[Any]] = {
    "boolean": notation.BOOLEAN,
    "whole number": notation.whole_number(1, 65535),
    "size": SIZE,
    "word": notation.word(Encryption),
    "words": notation.words(AuthMechanism),
    "greeting": texts.greeting(255),
    "domain": names.DOMAIN,
    "certificate name": names.CERTIFICATE_NAME,
    "address space": names.ADDRESS_SPACE,
    "address": names.ADDRESS,
    "server": names.SERVER,
    "title": names.TITLE,
    "credential": names.CREDENTIAL,
    "binding": endpoints.BINDING,
    "connection": endpoints.CONNECTION,
    "smart host": endpoints.SMART_HOST,
    "clients": endpoints.IP_RANGE,
    "time span": quantities.time_span(1, 86400, beyond="A day is all there is."),
    "limit": quantities.limit(1, quantities.NO_LIMIT, unlimited=True),
    "number": quantities.limit(1, quantities.NO_LIMIT),
    "size or none": quantities.size_limit(1, 1 << 40, zero=True),
    "numbered word": notation.word(LoginType, first=1, refused={LoginType.PLAIN_TEXT_LOGIN: "It is in the clear."}),
    "SMTP greeting": texts.smtp_greeting(255),
    "web address": texts.WEB_ADDRESS,
    "log folder": texts.LOG_FOLDER,
    "certificate by name": texts.TLS_CERTIFICATE_NAME,
}

# Those of all settings, each once.
NOTATIONS |= {
    notation.said: notation
    for notation in (
        parameter.notation.item if isinstance(parameter.notation, ListOf) else parameter.notation
        for parameter in ALL.values()
    )
    if notation.said not in {each.said for each in NOTATIONS.values()}
}
NOT_TAKEN = object()

# What administrators paste.
WRITTEN: list[Any] = [
    "36 MB", "36MB", "64kb", "1.899 GB (2,039,480,320 bytes)", "2.3 GB", "37748736", 37748736, 0, 5, 100, 1000,
    2147483647, "unlimited", "Unlimited", "00:05:00", "0:00:30", "1.00:00:00", "00:30:00", 3, "Tls, BasicAuth",
    ["tls", "TLS"], "None", "$true", "$FALSE", "custom", "verbose", "220 Ready.", "Ready.", "Contoso.com",
    "*.Contoso.com", "SMTP:*;5", "*",
    "ada@contoso.com", "[::]:995", "0.0.0.0:25", "mail.contoso.com:995:ssl", "relay.contoso.com", "[fd00::1]:25",
    "10.0.0.1", "10.0.0.9/8", "fd00::1-fd00::9", "0.0.0.0-255.255.255.255", "fe80::/10", "https://Mail.contoso.com/owa",
    "<I>CN=a, O=b<S>CN=mail.contoso.com", "/var/log/mailpair/pop3/", "DomainValidation",
]  # fmt: skip

# Whatever a document can hold, and text that comes near to what is wanted.
near = st.text("ab.-_@:[]*%0129 SLMKBGT(),\u00fc\u2460\n", max_size=30)
raw = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80) | near,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
domains = st.builds(
    lambda head, tail: ".".join([*head, tail]),
    st.lists(labels, min_size=1, max_size=4),
    st.sampled_from(["test", "com", "x2"]),
)
ports = st.integers(1, 65535)
addresses = st.ip_addresses().filter(lambda each: not each.is_multicast and not getattr(each, "ipv4_mapped", None))


@pytest.mark.parametrize("name", NOTATIONS)
@given(data=st.data())
def test_anything_is_taken_or_refused_in_one_line(name: str, data: st.DataObject) -> None:
    try:
        NOTATIONS[name].parse(data.draw(raw))
    except NotationError as error:
        problem = error
    else:
        return
    assert problem.rule
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", NOTATIONS)
@given(data=st.data())
def test_what_is_taken_is_taken_again_as_it_is_written(name: str, data: st.DataObject) -> None:
    notation = NOTATIONS[name]
    try:
        value = notation.parse(data.draw(raw | st.sampled_from(WRITTEN) | st.just(plain(notation.example))))
    except NotationError:
        return
    text = notation.write(value)
    assert text.isprintable()
    assert value in {
        parsed for parsed in (parse(notation, text), parse(notation, plain(text))) if parsed is not NOT_TAKEN
    }


def plain(text: str) -> Any:
    """What a document has where this text stands unquoted."""
    return {"true": True, "false": False}.get(text, int(text) if re.fullmatch(r"[0-9]{1,18}", text) else text)


def parse(notation: Notation[Any], raw: object) -> Any:
    try:
        return notation.parse(raw)
    except NotationError:
        return NOT_TAKEN


@pytest.mark.parametrize("name", [name for name, each in NOTATIONS.items() if each.example != "null"])
def test_an_example_is_taken(name: str) -> None:
    """As it stands in a document; a time is not a number there."""
    example = NOTATIONS[name].example
    NOTATIONS[name].parse(example if ":" in example and '"' not in example else yaml.safe_load(example))


@given(addresses, ports)
def test_bindings_survive_being_written(address: Any, port: int) -> None:
    binding = Binding(address, port)
    assert endpoints.BINDING.parse(str(binding)) == binding


@given(domains, ports, st.sampled_from(Encryption))
def test_connection_settings_survive_being_written(host: str, port: int, encryption: Encryption) -> None:
    setting = ConnectionSetting(host, port, encryption)
    assert endpoints.CONNECTION.parse(str(setting)) == setting
    assert endpoints.CONNECTION.parse(str(setting).swapcase()) == setting


@given(domains | addresses.map(str), ports)
def test_smart_hosts_survive_being_written(host: str, port: int) -> None:
    assert endpoints.SMART_HOST.parse(str(SmartHost(host, port))) == SmartHost(host, port)


@given(st.integers(0, 1 << 50))
@example(36 << 20)
@example((2 << 30) - 1)
def test_sizes_survive_being_written(size: int) -> None:
    written = SIZE.write(size)
    assert SIZE.parse(written) == size
    assert SIZE.parse(f"{written} ({size:,} bytes)") == size


@given(st.from_regex(r"[a-z0-9_-]{1,8}(\.[a-z0-9_-]{1,8}){0,3}", fullmatch=True), domains)
def test_addresses_mean_their_lower_case_form(local: str, domain: str) -> None:
    assert names.ADDRESS.parse(f"{local}@{domain}".upper()) == f"{local}@{domain}"


TAKEN: list[tuple[str, object, object]] = [
    ("size", "36 MB", 36 << 20),
    ("size", "36MB", 36 << 20),
    ("size", "64kb", 64 << 10),
    ("size", "36 MB (37,748,736 bytes)", 36 << 20),
    ("size", "37748736", 36 << 20),
    ("size", 37748736, 36 << 20),
    ("size", "1 TB", 1 << 40),
    (
        "words",
        "Tls, BasicAuth, BasicAuthRequireTLS",
        {AuthMechanism.TLS, AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS},
    ),
    ("words", ["tls", "TLS"], {AuthMechanism.TLS}),
    ("words", "None", {AuthMechanism.NONE}),
    ("word", "ssl", Encryption.SSL),
    ("greeting", "The POP3 service is ready.", "The POP3 service is ready."),
    ("greeting", "7", "7"),
    ("domain", "Dublin01.Contoso.com", "dublin01.contoso.com"),
    ("domain", "xn--bcher-kva.test", "xn--bcher-kva.test"),
    ("certificate name", "*.Contoso.com", "*.contoso.com"),
    ("address space", "*", AddressSpace("*")),
    ("address space", "*.contoso.com", AddressSpace("*.contoso.com")),
    ("address space", "smtp:Contoso.com;100", AddressSpace("contoso.com", 100)),
    ("server", "Back1.contoso.com", "Back1.contoso.com"),
    ("title", "Client Frontend (DUB01)", "Client Frontend (DUB01)"),
    ("binding", "[::]:995", Binding(ip_address("::"), 995)),
    ("binding", "0.0.0.0:995", Binding(ip_address("0.0.0.0"), 995)),
    ("binding", "[FD00:0::1]:25", Binding(ip_address("fd00::1"), 25)),
    ("connection", "Dublin01.Contoso.com:995:SSL", ConnectionSetting("dublin01.contoso.com", 995, Encryption.SSL)),
    ("connection", "mail.contoso.com:110:tls", ConnectionSetting("mail.contoso.com", 110, Encryption.TLS)),
    ("smart host", "relay.contoso.com", SmartHost("relay.contoso.com")),
    ("smart host", "10.0.0.1", SmartHost("10.0.0.1")),
    ("smart host", "[10.0.0.1]:587", SmartHost("10.0.0.1", 587)),
    ("smart host", "[fd00::1]", SmartHost("fd00::1")),
    ("boolean", "$true", True),
    ("boolean", "$False", False),
    ("size", "1.899 GB (2,039,480,320 bytes)", 2039480320),
    ("size", "2.3 GB (2,469,396,480 bytes)", 2469396480),
    ("size", "0.5 KB", 512),
    ("size", "0 B (0 bytes)", 0),
    ("size or none", 0, None),
    ("size or none", "Unlimited", None),
    ("limit", "unlimited", None),
    ("limit", 2147483647, None),
    ("number", 2147483647, None),
    ("number", 5, 5),
    ("time span", "00:30:00", 1800),
    ("time span", "1:00:00", 3600),
    ("time span", "1.00:00:00", 86400),
    ("numbered word", 3, LoginType.SECURE_LOGIN),
    ("numbered word", "2", LoginType.PLAIN_TEXT_AUTHENTICATION),
    ("numbered word", "securelogin", LoginType.SECURE_LOGIN),
    ("clients", "192.168.1.1/24", IpRange(ip_address("192.168.1.0"), ip_address("192.168.1.255"))),
    ("clients", "10.0.0.1 - 10.0.0.9", IpRange(ip_address("10.0.0.1"), ip_address("10.0.0.9"))),
    ("clients", "FD00::1", IpRange(ip_address("fd00::1"), ip_address("fd00::1"))),
    ("clients", "fd00::/127", IpRange(ip_address("fd00::"), ip_address("fd00::1"))),
    ("SMTP greeting", "220 mail.contoso.com ready", "mail.contoso.com ready"),
    ("web address", "HTTPS://Mail.Contoso.com:8443/owa/", "https://mail.contoso.com:8443/owa/"),
    ("log folder", "/var/log/mailpair/mail-01/pop3/", "/var/log/mailpair/mail-01/pop3"),
    (
        "certificate by name",
        "<i>CN=Contoso CA, DC=contoso, DC=com<s>CN=mail.contoso.com",
        TlsCertificateName("CN=Contoso CA,DC=contoso,DC=com", "CN=mail.contoso.com"),
    ),
]


@pytest.mark.parametrize(("name", "written", "value"), TAKEN)
def test_what_administrators_write_is_taken(name: str, written: object, value: object) -> None:
    assert NOTATIONS[name].parse(written) == value


REFUSED: list[tuple[str, object, str]] = [
    ("domain", "a" * 64 + ".test", "must be a full name of letters, digits and hyphens, such as mail.contoso.com"),
    ("domain", "a." * 126 + "test", "must be a full name of letters, digits and hyphens, such as mail.contoso.com"),
    ("domain", "\u00fc" * 70 + ".test", "must be in ASCII; write its IDNA form, which begins with xn--"),
    ("domain", "contoso.123", "must be a full name of letters, digits and hyphens, such as mail.contoso.com"),
    (
        "address",
        "a" * 65 + "@contoso.test",
        "must have 1 to 64 letters, digits, hyphens and underscores before its @, with single dots between them",
    ),
    (
        "address",
        "ada+lists@contoso.test",
        "must have 1 to 64 letters, digits, hyphens and underscores before its @, with single dots between them",
    ),
    ("address", "ada@b\u00fccher.test", "domain must be in ASCII; write 'xn--bcher-kva.test'"),
    ("smart host", "relay.test:0", "port must be a whole number from 1 to 65535"),
    (
        "smart host",
        "",
        "must be a server's name or address, with a port if it has its own, such as relay.contoso.com:587",
    ),
    ("smart host", "a:25:25", "port must be a whole number from 1 to 65535"),
    ("binding", "0.0.0.0:99999999999", "port must be a whole number from 1 to 65535"),
    ("binding", "0.0.0.0:\u0665", "port must be a whole number from 1 to 65535"),
    ("binding", "0.0.0.0:110:TLS", "must be an address and a port, such as 0.0.0.0:995 or [::]:995"),
    ("size", "1.9 GB (1 bytes)", "must say the same size twice; 1.9 GB is 2,040,109,465"),
    (
        "size",
        "1,5 GB",
        "must be a size from 0 bytes to 1024 TB; write it as 36 MB; units are B, KB, MB, GB, TB",
    ),
    ("time span", "1.00:00:01", "must be a time from 00:00:01 to 1.00:00:00; A day is all there is."),
    (
        "time span",
        "24:00:00",
        "must be a time from 00:00:01 to 1.00:00:00; write days before a dot, as in 1.00:00:00",
    ),
    ("time span", 600, "must be a time from 00:00:01 to 1.00:00:00; write it as hh:mm:ss, or as d.hh:mm:ss with days"),
    ("numbered word", 1, "must be PlainTextAuthentication (2) or SecureLogin (3); It is in the clear."),
    ("numbered word", True, "must be PlainTextAuthentication (2) or SecureLogin (3)"),
    (
        "clients",
        "fe80::1%eth0",
        (
            "must be an address, a range or a network, such as 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/8; leave out "
            "what follows the %"
        ),
    ),
    (
        "address space",
        "X400:c=us;1",
        (
            "must be *, a domain, or *. and a domain, with a cost if it is not 1, such as SMTP:*.contoso.com;10; "
            "mail leaves by SMTP alone"
        ),
    ),
    ("address space", "*;101", "cost must be a whole number from 1 to 100"),
]


@pytest.mark.parametrize(("name", "written", "problem"), REFUSED)
def test_what_is_refused_at_the_edges(name: str, written: object, problem: str) -> None:
    with pytest.raises(NotationError) as caught:
        NOTATIONS[name].parse(written)
    assert str(caught.value) == problem


def test_spans_and_sizes_have_one_form() -> None:
    assert [quantities.format_span(each) for each in (0, 59, 3600, 86399, 86400, 90061)] == [
        "00:00:00",
        "00:00:59",
        "01:00:00",
        "23:59:59",
        "1.00:00:00",
        "1.01:01:01",
    ]
    sizes = (0, 1, 1536, 36 << 20)
    assert [quantities.format_size(each) for each in sizes] == [
        "0 bytes",
        "1 byte",
        "1536 bytes",
        "36 MB",
    ]


@given(st.integers(1, 86400))
def test_spans_survive_being_written(span: int) -> None:
    assert NOTATIONS["time span"].parse(quantities.format_span(span)) == span


@given(addresses, addresses)
def test_ranges_hold_what_is_between_their_ends(one: Any, other: Any) -> None:
    if one.version != other.version:
        return
    first, last = sorted((one, other))
    clients = endpoints.IP_RANGE.parse(f"{first}-{last}")
    assert endpoints.IP_RANGE.parse(str(clients)) == clients
    assert first in clients
    assert last in clients
    assert IpRange(first, last) in clients
    assert clients.overlaps(IpRange(last, last))
    assert (IpRange(first, first) == clients) is (first == last)


@pytest.mark.parametrize("text", ["", " ready", "ready ", "x" * 256])
def test_a_greeting_is_a_line_that_is_seen_whole(text: str) -> None:
    with pytest.raises(NotationError):
        texts.greeting(255).parse(text)


@pytest.mark.parametrize("character", '#$%<>[]{}`"\\\x7f\u00e9\t')
def test_a_greeting_has_no_character_with_a_meaning(character: str) -> None:
    with pytest.raises(NotationError):
        texts.greeting(255).parse(f"Ready{character}or not")


@pytest.mark.parametrize(
    ("certificate", "host", "covered"),
    [
        ("mail.contoso.test", "mail.contoso.test", True),
        ("*.contoso.test", "mail.contoso.test", True),
        ("*.contoso.test", "contoso.test", False),
        ("*.contoso.test", "a.mail.contoso.test", False),
        ("mail.contoso.test", "imap.contoso.test", False),
    ],
)
def test_what_a_certificate_s_name_covers(certificate: str, host: str, *, covered: bool) -> None:
    assert names.covers(certificate, host) is covered
