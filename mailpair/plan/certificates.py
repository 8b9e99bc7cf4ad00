"""Which certificates a host has, and what for."""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.plan import places
from mailpair.servers import Role, Server
from mailpair.site.model import Protocol, ProtocolSettings, Site

# Short lives, since every run of the playbook renews what has less than a third left.
SERVER_DAYS = 90
PEER_DAYS = 365


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """A certificate of the site's private CA whose key is made on the host.

    ``usage`` is "server" or "client". Only a front end's peer certificate may prove a client: so a back end's
    certificate, or the one that users see, opens nothing on another back end.
    """

    certificate: str
    key: str
    names: tuple[str, ...]  # the first is the subject
    addresses: tuple[str, ...]
    usage: str
    days: int


@dataclass(frozen=True, slots=True)
class CertificatesPlan:
    """Values of the role certificates."""

    directory: str
    ca: str
    certificates: tuple[HostCertificate, ...]


def plan(site: Site, server: Server) -> CertificatesPlan:
    """Plan the certificates of a server: the peer certificate on every host, the users' on front ends."""
    front_end = server.role is Role.CLIENT_ACCESS
    peer = HostCertificate(
        certificate=places.PEER_CERTIFICATE,
        key=places.PEER_KEY,
        names=(server.fqdn,),
        addresses=(),
        usage="client" if front_end else "server",
        days=PEER_DAYS,
    )
    public = HostCertificate(
        certificate=places.SERVER_CERTIFICATE,
        key=places.SERVER_KEY,
        names=public_names(site, server),
        addresses=(),
        usage="server",
        days=SERVER_DAYS,
    )
    return CertificatesPlan(
        directory=places.TLS_DIRECTORY,
        ca=places.CA_FILE,
        certificates=(peer, public, *own(site, server).values()) if front_end else (peer,),
    )


def own(site: Site, server: Server) -> dict[Protocol, HostCertificate]:
    """The certificates that protocols of a front end show in place of the one of all.

    Those whose x509_certificate_name is not that one's subject have one of their own. All names are in it.
    """
    names = public_names(site, server)
    asked = {protocol: site.protocol_settings(protocol, server.name).x509_certificate_name for protocol in Protocol}
    return {
        protocol: HostCertificate(
            certificate=f"{places.TLS_DIRECTORY}/{protocol.value}.pem",
            key=f"{places.TLS_DIRECTORY}/{protocol.value}.key",
            names=tuple(dict.fromkeys((name, *names))),
            addresses=(),
            usage="server",
            days=SERVER_DAYS,
        )
        for protocol, name in asked.items()
        if name is not None and name != names[0]
    }


def public_names(site: Site, server: Server) -> tuple[str, ...]:
    """List the names that clients may know a front end by, each once: certificates' names first, its own last."""
    names = [name for certificate in site.certificates for name in certificate.domain_name]
    for protocol in Protocol:
        names.extend(_hosts(site.protocol_settings(protocol, server.name)))
    names.extend(connector.fqdn for connector in site.receive_connectors if connector.fqdn)
    names.append(server.fqdn)
    return tuple(dict.fromkeys(name.lower() for name in names))


def _hosts(settings: ProtocolSettings) -> list[str]:
    named = [settings.x509_certificate_name] if settings.x509_certificate_name else []
    listed = (*settings.external_connection_settings, *(settings.internal_connection_settings or ()))
    return [*named, *(setting.host for setting in listed)]
