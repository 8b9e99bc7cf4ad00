"""All that DNS needs to know of a site, as one list, and the list as lines of a zone file (RFC 1035)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from mailpair.publish.clients import ClientProtocol, ClientSetting, client_settings
from mailpair.publish.pacc import pacc, pacc_digest
from mailpair.publish.spf import spf
from mailpair.servers import Role, Server
from mailpair.site.model import Encryption, PermissionGroup, Site
from mailpair.site.web_names import AUTODISCOVER, PACC, web_names

_SSL, _TLS = Encryption.SSL, Encryption.TLS
# RFC 6186, and RFC 8314 for _submissions.
_SERVICES = {
    "_imaps": (ClientProtocol.IMAP, _SSL),
    "_imap": (ClientProtocol.IMAP, _TLS),
    "_pop3s": (ClientProtocol.POP, _SSL),
    "_pop3": (ClientProtocol.POP, _TLS),
    "_submissions": (ClientProtocol.SMTP, _SSL),
    "_submission": (ClientProtocol.SMTP, _TLS),
}
_NOT_OFFERED = "0 0 0 ."
_STRING = 255  # octets of one string of a TXT record


@dataclass(frozen=True, slots=True)
class Record:
    """A record of DNS: names are whole and end with a dot; a TXT record's ``data`` is its text, without quotes."""

    name: str
    type: str
    data: str


def records(site: Site, servers: Sequence[Server], keys: Mapping[str, str] | None = None) -> tuple[Record, ...]:
    """All records of a site, each once: by domain, addresses of hosts first.

    ``keys`` are the texts of DKIM keys by their whole names; front ends make these keys, so they are not known here.
    """
    found: list[Record] = [*_addresses(site, servers)]
    for domain in site.accepted_domains:
        found += _of_domain(site, servers, domain)
    found += [Record(name, "TXT", text) for name, text in (keys or {}).items()]
    return tuple(dict.fromkeys(found))


def zone(records: Iterable[Record]) -> str:
    """Lines of a zone file."""
    return "".join(f"{each.name} IN {each.type} {_data(each)}\n" for each in records)


def _data(record: Record) -> str:
    if record.type != "TXT":
        return record.data
    text = record.data
    return " ".join(f'"{text[at : at + _STRING]}"' for at in range(0, len(text), _STRING))


def _addresses(site: Site, servers: Sequence[Server]) -> Iterator[Record]:
    """Front ends under their own names, and under all names that users and their programs are told."""
    fronts = [server for server in servers if server.role is Role.CLIENT_ACCESS]
    for server in fronts:
        yield from _at(server.fqdn, server.addresses)
    own = {server.fqdn for server in servers}
    told = [each.server for each in client_settings(site, servers)]
    greeted = [each.fqdn for each in site.receive_connectors if each.enabled and each.fqdn]
    # A domain's own address is its web site's, as a rule; whoever wants it here adds it.
    named = [name for name in web_names(site) if name not in site.accepted_domains]
    for name in dict.fromkeys((*told, *greeted, *named)):
        if name not in own:
            yield from _at(name, _leading(site, fronts))


def _leading(site: Site, fronts: Sequence[Server]) -> Iterator[str]:
    """Where clients find front ends: the virtual address stands for all of theirs of its family."""
    if site.virtual_address is not None:
        yield str(site.virtual_address)
    for server in fronts:
        yield from (each for each in server.addresses if site.virtual_address is None or ":" in each)


def _at(name: str, addresses: Iterable[str]) -> Iterator[Record]:
    for address in addresses:
        yield Record(f"{name}.", "A" if ip_address(address).version == 4 else "AAAA", address)


def _of_domain(site: Site, servers: Sequence[Server], domain: str) -> Iterator[Record]:
    for name in dict.fromkeys(_exchangers(site, servers)):
        yield Record(f"{domain}.", "MX", f"10 {name}.")
    yield Record(f"{domain}.", "TXT", spf(site, servers))
    yield from _services(client_settings(site, servers), domain)
    if site.web_site.enabled:
        yield Record(f"_autodiscover._tcp.{domain}.", "SRV", f"0 1 443 {AUTODISCOVER}.{domain}.")
        configuration = pacc(site, servers)
        if configuration is not None:
            yield Record(f"_{PACC}.{domain}.", "TXT", pacc_digest(configuration))


def _exchangers(site: Site, servers: Sequence[Server]) -> Iterator[str]:
    """Where other mail servers bring mail: connectors for anyone at port 25."""
    for connector in site.receive_connectors:
        strangers = PermissionGroup.ANONYMOUS_USERS in connector.permission_groups
        if connector.enabled and strangers and any(binding.port == 25 for binding in connector.bindings):
            own = [server.fqdn for server in servers if server.role is Role.CLIENT_ACCESS]
            yield from [connector.fqdn] if connector.fqdn else own


def _services(told: Sequence[ClientSetting], domain: str) -> Iterator[Record]:
    """Where each service is. Priorities go on from IMAP to POP, since programs compare them (RFC 6186, section 3.4)."""
    ranks = {each: rank for rank, each in enumerate(each for each in told if each.protocol is ClientProtocol.IMAP)}
    ranks |= {
        each: len(ranks) + rank
        for rank, each in enumerate(each for each in told if each.protocol is ClientProtocol.POP)
    }
    ranks |= {each: rank for rank, each in enumerate(each for each in told if each.protocol is ClientProtocol.SMTP)}
    for service, (protocol, encryption) in _SERVICES.items():
        name = f"{service}._tcp.{domain}."
        offers = [each for each in told if (each.protocol, each.encryption) == (protocol, encryption)]
        for each in offers:
            yield Record(name, "SRV", f"{ranks[each]} 1 {each.port} {each.server}.")
        if not offers:
            yield Record(name, "SRV", _NOT_OFFERED)
