"""Notations of what is listened on and connected to: bindings, connection settings, smart hosts."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface

from mailpair.settings.forms import matching
from mailpair.settings.names import DOMAIN, DOMAIN_FORM
from mailpair.settings.notation import Notation, NotationError, expect_text, whole_number, word
from mailpair.settings.values import Binding, ConnectionSetting, Encryption, IpRange, SmartHost

PORT = whole_number(1, 65535)

_DIGITS = re.compile(r"[0-9]{1,5}")
# Brackets around an IPv4 address are what Exchange prints.
_SMART_HOST = re.compile(r"(?:\[(?P<address>[^\[\]%]*)\]|(?P<name>[^:\[\]]+))(?::(?P<port>.*))?", re.DOTALL)
_BINDING_RULE = "must be an address and a port, such as 0.0.0.0:995 or [::]:995"
_CONNECTION_RULE = "must be a server's name, a port and an encryption, such as mail.contoso.com:995:SSL"
_SMART_HOST_RULE = "must be a server's name or address, with a port if it has its own, such as relay.contoso.com:587"
_RANGE_RULE = "must be an address, a range or a network, such as 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/8"


def _port(text: str) -> int:
    try:
        return PORT.parse(int(text) if _DIGITS.fullmatch(text) else text)
    except NotationError as error:
        raise NotationError(f"port {error.rule}") from error


def _split(text: str, rule: str) -> tuple[str, str, bool]:
    """The host and the port of ``host:port``, and whether the host was in brackets, as IPv6 addresses must be."""
    host, separator, port = text.rpartition(":")
    if not separator or not host:
        raise NotationError(rule)
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], port, True
    if ":" in host:
        address = "::" if host == ":" else host
        remedy = f"write [{address}]:{port}" if _is_ipv6(address) else ""
        raise NotationError("an IPv6 address must be in brackets" if remedy else rule, remedy)
    return host, port, False


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _address(text: str, *, bracketed: bool) -> IPv4Address | IPv6Address:
    rule = "address must be an IP address, IPv6 in brackets"
    try:
        address = ip_address(text)
    except ValueError as error:
        raise NotationError(rule, "0.0.0.0 and [::] stand for all addresses of their families") from error
    if address.is_multicast:
        raise NotationError("address must be a server's own, which a multicast address is not")
    if bracketed is not isinstance(address, IPv6Address) or "%" in text:
        raise NotationError(rule, "0.0.0.0 and [::] stand for all addresses of their families")
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise NotationError(
            "address must not be an IPv4 address in IPv6 form", f"write {address.ipv4_mapped}, without brackets"
        )
    return address


def _parse_binding(raw: object) -> Binding:
    host, port, bracketed = _split(expect_text(raw, _BINDING_RULE), _BINDING_RULE)
    return Binding(_address(host, bracketed=bracketed), _port(port))


# For editors.
_HOST_FORM = r"(\[[0-9A-Fa-f:.]+\]|[0-9.]+)"

BINDING = Notation(
    "an address and a port such as 0.0.0.0:995 or [::]:995",
    _parse_binding,
    '"0.0.0.0:995"',
    matching(rf"{_HOST_FORM}:[0-9]{{1,5}}"),
)
"""Where a service listens, as Set-PopSettings -SSLBindings writes it."""

_ENCRYPTION = word(Encryption)
_CONNECTION_PARTS = 3


def _parse_connection(raw: object) -> ConnectionSetting:
    parts = expect_text(raw, _CONNECTION_RULE).split(":")
    if len(parts) != _CONNECTION_PARTS:
        raise NotationError(_CONNECTION_RULE)
    host, port, encryption = parts
    try:
        name = DOMAIN.parse(host)
    except NotationError as error:
        raise NotationError(f"server's name {error.rule}", error.remedy) from error
    number = _port(port)
    try:
        return ConnectionSetting(name, number, _ENCRYPTION.parse(encryption))
    except NotationError as error:
        raise NotationError(f"encryption {error.rule}") from error


CONNECTION = Notation(
    "a server's name, a port and SSL or TLS, such as mail.contoso.com:995:SSL",
    _parse_connection,
    '"mail.contoso.com:995:SSL"',
    matching(rf"{DOMAIN_FORM}:[0-9]{{1,5}}:([Ss][Ss][Ll]|[Tt][Ll][Ss])"),
)
"""What clients are told, as Set-PopSettings -ExternalConnectionSettings writes it."""


def _parse_smart_host(raw: object) -> SmartHost:
    text = expect_text(raw, _SMART_HOST_RULE)
    if _is_ipv6(text):
        raise NotationError("an IPv6 address must be in brackets", f"write [{text}]")
    match = _SMART_HOST.fullmatch(text)
    if not match:
        raise NotationError(_SMART_HOST_RULE)
    port = None if match["port"] is None else _port(match["port"])
    try:
        host = str(ip_address(match["address"] or match["name"]))
    except ValueError:
        if match["address"]:
            raise NotationError(_SMART_HOST_RULE, "brackets are for addresses") from None
        host = DOMAIN.parse(match["name"])
    return SmartHost(host, port)


SMART_HOST = Notation(
    "a server's name or address, with a port if it has its own",
    _parse_smart_host,
    "relay.contoso.com:587",
    matching(rf"({_HOST_FORM}|{DOMAIN_FORM})(:[0-9]{{1,5}})?"),
)
"""Who takes the site's outgoing mail, as Set-SendConnector -SmartHosts writes it, with an optional port of ours."""


def _own_address(raw: object) -> IPv4Address | IPv6Address:
    rule = "must be an address of the server's own, such as 10.0.0.1"
    try:
        address = ip_address(expect_text(raw, rule))
    except ValueError as error:
        raise NotationError(rule) from error
    if address.is_multicast or "%" in str(address):
        raise NotationError(rule)
    return address


OWN_ADDRESS = Notation("an address of the server's own", _own_address, '"10.0.0.1"', matching("[0-9A-Fa-f:.]+"))
"""From where a server speaks; the wildcard of a family leaves it open."""


def _parse_range(raw: object) -> IpRange:
    text = expect_text(raw, _RANGE_RULE)
    if "%" in text:
        raise NotationError(_RANGE_RULE, "leave out what follows the %")
    try:
        if "/" in text:
            network = ip_interface(text).network
            first, last = network[0], network[-1]
        else:
            ends = [ip_address(end.strip()) for end in text.split("-")]
            first, last = ends[0], ends[-1]
    except ValueError as error:
        raise NotationError(_RANGE_RULE) from error
    if text.count("-") > 1 or first.version != last.version or int(first) > int(last):
        raise NotationError(_RANGE_RULE, "the first address must not be above the last one, nor of another family")
    return IpRange(first, last)


IP_RANGE = Notation(
    "an address, a range of them or a network",
    _parse_range,
    '"10.0.0.0/8"',
    matching(r"[0-9A-Fa-f:.]+( *- *[0-9A-Fa-f:.]+|/[0-9A-Fa-f:.]+)?"),
)
"""Clients, as Set-ReceiveConnector -RemoteIPRanges writes them."""
