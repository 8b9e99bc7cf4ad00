"""POP3 and IMAP4: both services or none, bindings that do not collide, and no closed port in what users are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from mailpair.settings import ports
from mailpair.site.model import AcmeChallenge, Binding, ConnectionSetting, Encryption, Protocol, ProtocolSettings, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

_GROUPS = {Protocol.POP3: "pop_settings", Protocol.IMAP4: "imap_settings"}
_ANY = (IPv4Address(0), IPv6Address(0))
_LISTS = {Encryption.SSL: "ssl_bindings", Encryption.TLS: "unencrypted_or_tls_bindings"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding of a service that runs, and where the document has it."""

    path: str
    binding: Binding
    connector: str = ""
    kind: str = ""  # what a connector may share it with: others that begin a session in the same way


def _both_or_none(site: Site) -> Iterator[Problem]:
    for protocol in Protocol:
        pair = site.pair(protocol)
        if pair.front_end is not pair.back_end:
            on, off = ("front_end", "back_end") if pair.front_end else ("back_end", "front_end")
            yield Problem(
                f"services.{protocol.value}.{on}",
                "true",
                f"must not be on while services.{protocol.value}.{off} is off",
                "clients need both services; turn both on, or both off",
            )


def _bound_once(site: Site) -> Iterator[Problem]:
    for server in (None, *(each.name for each in site.servers)):
        seen: list[Bound] = []
        for new in all_bound(site, server):
            if holder := _holder(new.binding.port):
                rule = f"must not be port {new.binding.port}"
                yield Problem(new.path, shown(str(new.binding)), rule, holder)
            old = next((each for each in seen if _collide(each, new)), None)
            if old:
                remedy = f"{old.path} has {old.binding}"
                yield Problem(new.path, shown(str(new.binding)), "must not be bound twice", remedy)
            seen.append(new)


def _holder(port: int) -> str:
    if port in ports.CONNECTORS:
        return f"{ports.CONNECTORS[0]} to {ports.CONNECTORS[-1]} are for connectors that share a binding"
    return f"{ports.FRONT_ENDS[port]} has it" if port in ports.FRONT_ENDS else ""


def _collide(old: Bound, new: Bound) -> bool:
    one, other = old.binding, new.binding
    if old.connector != new.connector and old.kind and old.kind == new.kind and _is_shared(one, other):
        return False
    if one.port != other.port or one.address.version != other.address.version:
        return False
    return one.address == other.address or one.address.is_unspecified or other.address.is_unspecified


def _is_shared(one: Binding, other: Binding) -> bool:
    """Whether connectors may have both bindings: their clients' addresses tell them apart, or one address of the host.

    Nothing stands between the host itself and its loopback addresses.
    """
    return one == other or (
        one.address.is_unspecified is not other.address.is_unspecified
        and not (one.address.is_loopback or other.address.is_loopback)
    )


def all_bound(site: Site, server: str | None) -> Iterator[Bound]:
    """Every binding of the services that run on a front end, by its name, or on those that no setting names (None)."""
    if site.web_site.enabled:
        for port in ports.WEB:
            yield from (Bound("web_site.enabled", Binding(address, port)) for address in _ANY)
    elif asked := [each for each in site.certificates if each.acme and each.acme.challenge is AcmeChallenge.HTTP_01]:
        place = f"certificates[{asked[0].name}].acme.challenge"
        yield from (Bound(place, Binding(address, ports.HTTP)) for address in _ANY)
    for protocol in Protocol:
        if site.pair(protocol).front_end:
            for encryption, name in _LISTS.items():
                path = _path(site, protocol, server, name)
                yield from _listed(path, _bindings(site.protocol_settings(protocol, server), encryption))
    for connector in site.receive_connectors:
        if connector.enabled:
            path = f"receive_connectors[{connector.name}]"
            yield from _listed(f"{path}.bindings", connector.bindings, connector.name, "bindings")
            yield from _listed(f"{path}.ssl_bindings", connector.ssl_bindings, connector.name, "ssl_bindings")


def _listed(path: str, bindings: Sequence[Binding], connector: str = "", kind: str = "") -> Iterator[Bound]:
    for index, binding in enumerate(bindings):
        yield Bound(f"{path}[{index}]", binding, connector, kind)


def _bindings(settings: ProtocolSettings, encryption: Encryption) -> tuple[Binding, ...]:
    return settings.ssl_bindings if encryption is Encryption.SSL else settings.unencrypted_or_tls_bindings


def _path(site: Site, protocol: Protocol, server: str | None, name: str) -> str:
    """Where a list of a server stands: with the server, or with the site where the server has the same."""
    group = _GROUPS[protocol]
    own = getattr(site.protocol_settings(protocol, server), name)
    inherited = own == getattr(site.protocol_settings(protocol), name)
    return f"{group}.{name}" if inherited else f"servers[{server}].{group}.{name}"


def _no_closed_port(protocol: Protocol) -> Rule:
    """What users are told must be open; a port that a router translates is open nowhere that we can see."""

    def find(site: Site) -> Iterator[Problem]:
        for server in (None, *(each.name for each in site.servers)):
            settings = site.protocol_settings(protocol, server)
            for name, told in (
                ("external_connection_settings", settings.external_connection_settings),
                ("internal_connection_settings", settings.internal_connection_settings or ()),
            ):
                for index, each in enumerate(told):
                    if each.port not in _offered(settings, each.encryption):
                        yield Problem(
                            f"{_path(site, protocol, server, name)}[{index}]",
                            shown(str(each)),
                            f"must be a port that is bound for {each.encryption.value}",
                            _remedy(site, protocol, server, each),
                        )

    return Rule(find, frozenset({_GROUPS[protocol], "servers"}))


def _offered(settings: ProtocolSettings, encryption: Encryption) -> list[int]:
    """Ports that others reach with an encryption, in the order of the document."""
    bindings = _bindings(settings, encryption)
    return list(dict.fromkeys(binding.port for binding in bindings if not binding.address.is_loopback))


def _remedy(site: Site, protocol: Protocol, server: str | None, told: ConnectionSetting) -> str:
    settings = site.protocol_settings(protocol, server)
    other = Encryption.TLS if told.encryption is Encryption.SSL else Encryption.SSL
    if told.port in _offered(settings, other):
        return f"this one is bound for {other.value}"
    name = _LISTS[told.encryption]
    open_ports = ", ".join(map(str, _offered(settings, told.encryption))) or "none"
    return f"bind it in {_path(site, protocol, server, name)}, or take one of those there: {open_ports}"


def _proxy_ports(site: Site) -> Iterator[Problem]:
    taken = dict(ports.BACK_ENDS)
    for protocol, group in _GROUPS.items():
        port = site.protocol_settings(protocol).proxy_target_port
        if port in taken:
            yield Problem(
                f"{group}.proxy_target_port",
                str(port),
                "must be a port that is free on back ends",
                f"{taken[port]} has it",
            )
        taken[port] = protocol.name


RULES = (
    Rule(_both_or_none, frozenset({"services"})),
    Rule(_bound_once),
    _no_closed_port(Protocol.POP3),
    _no_closed_port(Protocol.IMAP4),
    Rule(_proxy_ports, frozenset(_GROUPS.values())),
)
