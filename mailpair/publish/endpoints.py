"""Where clients can be expected to get in on one front end, for trying it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from mailpair.publish.clients import ClientProtocol
from mailpair.servers import Server
from mailpair.site import serving
from mailpair.site.model import (
    Binding,
    Certificate,
    CertificateService,
    CertificateSource,
    Encryption,
    PermissionGroup,
    Protocol,
    Site,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port of a front end: what is spoken there, and the name that its certificate must have."""

    protocol: ClientProtocol
    address: str
    port: int
    encryption: Encryption
    certificate_name: str

    def __str__(self) -> str:
        """``IMAP SSL 192.0.2.1:993``."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol.value} {self.encryption.value} {host}:{self.port}"


def endpoints(site: Site, server: Server) -> tuple[Endpoint, ...]:
    """List what users can sign in to on a front end: IMAP, POP and SMTP, in this order, TLS from the first byte first.

    A wildcard binding stands for the addresses of its family that the server is known by; loopback bindings are for the
    server itself and left out.
    """
    found: list[Endpoint] = []
    for protocol, shown in ((Protocol.IMAP4, ClientProtocol.IMAP), (Protocol.POP3, ClientProtocol.POP)):
        if site.pair(protocol).enabled:
            settings = site.protocol_settings(protocol, server.name)
            name = _name(site, server, shown, settings.x509_certificate_name)
            found += _at(server, shown, Encryption.SSL, settings.ssl_bindings, name)
            found += _at(server, shown, Encryption.TLS, settings.unencrypted_or_tls_bindings, name)
    for connector in site.receive_connectors:
        if connector.enabled and PermissionGroup.EXCHANGE_USERS in connector.permission_groups:
            shown_unasked = serving.of_connector(site, connector)
            name = connector.fqdn or _known(server, shown_unasked)
            found += _at(server, ClientProtocol.SMTP, Encryption.SSL, connector.ssl_bindings, name)
            found += _at(server, ClientProtocol.SMTP, Encryption.TLS, connector.bindings, name)
    return tuple(found)


def endpoints_open_to(site: Site, server: Server, asker: Server) -> tuple[Endpoint, ...]:
    """List those of a front end that another server can try, or it itself: of its families, and where it is taken."""
    own = [ip_address(each) for each in asker.addresses]
    families = {each.version for each in own}
    taken = tuple(
        connector
        for connector in site.receive_connectors
        if any(each in addresses for each in own for addresses in connector.remote_ip_ranges)
    )
    found = endpoints(replace(site, receive_connectors=taken), server)
    return tuple(each for each in found if ip_address(each.address).version in families)


def _name(site: Site, server: Server, protocol: ClientProtocol, asked: str | None) -> str:
    service = CertificateService(protocol.value)
    return asked or _known(server, serving.unasked(site, service, server.name))


def _known(server: Server, shown: Certificate | None) -> str:
    """The server's own name, which is in certificates of the site's own CA alone; of others, the first of theirs."""
    if shown is None or shown.source is CertificateSource.PRIVATE:
        return server.fqdn
    return shown.domain_name[0].replace("*", "mail", 1)


def _at(
    server: Server, protocol: ClientProtocol, encryption: Encryption, bindings: Iterable[Binding], name: str
) -> Iterator[Endpoint]:
    for binding in bindings:
        for address in _addresses(server, binding):
            yield Endpoint(protocol, address, binding.port, encryption, name)


def _addresses(server: Server, binding: Binding) -> Iterator[str]:
    if binding.address.is_unspecified:
        yield from (each for each in server.addresses if ip_address(each).version == binding.address.version)
    elif not binding.address.is_loopback:
        yield str(binding.address)
