"""Which certificates a server keeps in files and shows at ports, for those who look whether both are right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailpair.plan import certificates, listening, places
from mailpair.servers import Role, Server
from mailpair.settings.ports import WEB
from mailpair.settings.values import Binding
from mailpair.site.model import AuthMechanism, CertificateService, CertificateSource, Protocol, Site

PRIVATE = "private"
_WORDS = {Protocol.IMAP4: ("IMAP", "imap"), Protocol.POP3: ("POP", "pop3")}  # ours, and that of STARTTLS


@dataclass(frozen=True, slots=True)
class File:
    """A file with a certificate first and what issued it after it; ``source`` says who renews it."""

    path: str
    source: str


@dataclass(frozen=True, slots=True)
class Port:
    """A port that shows the certificate of a file."""

    service: str
    address: str
    port: int
    starttls: str  # imap, pop3 or smtp; empty: TLS begins with the first byte
    name: str  # that is asked for (SNI); empty: none
    file: str
    key: str = ""  # RSA or ECDSA, where both are served; empty: whatever is preferred


@dataclass(frozen=True, slots=True)
class Served:
    """What there is to see on a server."""

    files: tuple[File, ...]
    ports: tuple[Port, ...]


def served(site: Site, server: Server) -> Served:
    """List files and ports of a server, each once.

    A binding to all addresses is looked at by the first of its family that the server is known by.
    """
    planned = certificates.plan(site, server)
    files = tuple(File(each.certificate, PRIVATE) for each in planned.certificates)
    files += tuple(
        File(each.certificate, one.source.value)
        for one in planned.served
        if one.source is not CertificateSource.PRIVATE
        for each in one.files
    )
    ports = _back_end(site, server) if server.role is Role.MAILBOX else _front_end(site, server)
    return Served((*files, File(planned.ca, PRIVATE)), tuple(dict.fromkeys(ports)))


def _back_end(site: Site, server: Server) -> Iterator[Port]:
    asked = [
        ("IMAP", site.imap_settings.proxy_target_port if site.imap4.back_end else None),
        ("POP", site.pop_settings.proxy_target_port if site.pop3.back_end else None),
        ("LMTP", places.LMTP_PORT),
        ("quota", places.QUOTA_PORT),
    ]
    for service, port in asked:
        if port is not None:
            yield Port(service, server.addresses[0], port, "", server.fqdn, places.PEER_CERTIFICATE)


def _front_end(site: Site, server: Server) -> Iterator[Port]:
    for protocol, (service, starttls) in _WORDS.items():
        if not site.pair(protocol).enabled:
            continue
        settings = site.protocol_settings(protocol, server.name)
        shown = certificates.shown(site, server, CertificateService(service))
        for bindings, word in ((settings.ssl_bindings, ""), (settings.unencrypted_or_tls_bindings, starttls)):
            for address, port in _reached(server, bindings):
                for name in _names(settings.x509_certificate_name or server.fqdn, shown):
                    for file, key in _files(shown.asked(name)):
                        yield Port(service, address, port, word, name, file, key)
    yield from _connectors(site, server)
    if site.web_site.enabled:
        yield from _web_site(site, server)


def _connectors(site: Site, server: Server) -> Iterator[Port]:
    enabled = [each for each in site.receive_connectors if each.enabled]
    doors = listening.doors(enabled)
    for connector in enabled:
        shown = certificates.shown(site, server, CertificateService.SMTP, connector)
        for listener in doors.listeners[connector.name]:
            if listener.ssl or AuthMechanism.TLS in connector.auth_mechanism:
                for address, port in _reached(server, [listener.at]):
                    for name in _names(connector.fqdn or server.fqdn, shown):
                        for file, key in _files(shown.asked(name)):
                            yield Port("SMTP", address, port, "" if listener.ssl else "smtp", name, file, key)


def _web_site(site: Site, server: Server) -> Iterator[Port]:
    shown = certificates.shown(site, server, CertificateService.IIS)
    _, port = WEB
    everywhere = (Binding(IPv4Address(0), port), Binding(IPv6Address(0), port))
    for reached, _ in _reached(server, everywhere):
        for name in _names(site.web_site.host_name, shown):
            for file, key in _files(shown.asked(name)):
                yield Port("IIS", reached, port, "", name, file, key)


def _files(one: certificates.Served) -> Iterator[tuple[str, str]]:
    """The files of a certificate, each with the kind of key that has it shown."""
    for each in one.files:
        kind = each.algorithm.partition("-")[0].upper()
        yield each.certificate, kind if len(one.files) > 1 else ""


def _names(first: str, shown: certificates.Shown) -> Iterator[str]:
    """A name that leads to each certificate."""
    yield first
    seen = {shown.asked(first).name}
    for name, each in shown.by_name.items():
        if each.name not in seen:
            seen.add(each.name)
            yield name.replace("*", "any", 1)


def _reached(server: Server, bindings: Iterable[Binding]) -> Iterator[tuple[str, int]]:
    for binding in bindings:
        if not binding.address.is_unspecified:
            yield str(binding.address), binding.port
            continue
        same: Sequence[str] = [each for each in server.addresses if ip_address(each).version == binding.address.version]
        if same:
            yield same[0], binding.port
