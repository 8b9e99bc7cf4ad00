"""Which certificates a host has, what for, and which one each service of a front end shows to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailpair.plan import places
from mailpair.servers import Role, Server
from mailpair.settings.names import covers
from mailpair.site import serving
from mailpair.site.certificate import covering, of_service
from mailpair.site.model import (
    Acme,
    Certificate,
    CertificateService,
    CertificateSource,
    KeyAlgorithm,
    Provided,
    ReceiveConnector,
    Site,
)

# Short lives, since hosts renew by themselves what has less than a third left.
SERVER_DAYS = 30
PEER_DAYS = 14

ECDSA = "ecdsa"  # P-256
FALLBACK = "server"  # the name of the certificate of services that the document gives none


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate, those that it is issued by behind it, and its key."""

    certificate: str
    key: str
    algorithm: str  # ecdsa, rsa-2048 or rsa-4096; empty where it is as it was provided


@dataclass(frozen=True, slots=True)
class Served:
    """A certificate that a front end serves, with all names that are to be in it."""

    name: str
    source: CertificateSource
    names: tuple[str, ...]  # the first is the subject
    services: tuple[CertificateService, ...]
    files: tuple[Files, ...]  # one a key, the preferred one first
    acme: Acme | None = None
    provided: Provided | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All its files."""
        return tuple(path for each in self.files for path in (each.certificate, each.key))

    @property
    def chain(self) -> str:
        """The same as Postfix lists them: each key before what belongs to it."""
        return ", ".join(path for each in self.files for path in (each.key, each.certificate))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a service shows: by the name that a client asks for (``*.`` is one label), and ``unasked`` to all others."""

    unasked: Served
    by_name: Mapping[str, Served]

    def asked(self, name: str) -> Served:
        """What a client is shown that asks for a name."""
        found = (each for known, each in self.by_name.items() if covers(known, name))
        return self.by_name.get(name) or next(found, self.unasked)

    @property
    def paths(self) -> tuple[str, ...]:
        """All files."""
        return tuple(dict.fromkeys(path for each in (self.unasked, *self.by_name.values()) for path in each.paths))


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
    algorithm: str = ECDSA  # or rsa-2048, rsa-4096


@dataclass(frozen=True, slots=True)
class CertificatesPlan:
    """Values of the role certificates."""

    directory: str
    ca: str
    certificates: tuple[HostCertificate, ...]  # of the site's CA
    served: tuple[Served, ...]  # all that clients see


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
    seen = served(site, server) if front_end else ()
    return CertificatesPlan(
        directory=places.TLS_DIRECTORY,
        ca=places.CA_FILE,
        certificates=(
            peer,
            *(each for one in seen if one.source is CertificateSource.PRIVATE for each in issued(one)),
        ),
        served=seen,
    )


def served(site: Site, server: Server) -> tuple[Served, ...]:
    """List the certificates that a front end serves; the last is the fallback of services that have none."""
    known = tuple(_served(site, server, each) for each in site.certificates)
    fallback = _fallback(site, server)
    return (*known, fallback) if fallback.services else known


def shown(site: Site, server: Server, service: CertificateService, connector: ReceiveConnector | None = None) -> Shown:
    """Find what a service of a front end shows; SMTP has a certificate unasked for each ``connector``."""
    known = of_service(site.certificates, service)
    first = serving.of_connector(site, connector) if connector else serving.unasked(site, service, server.name)
    found = {each.name: each for each in served(site, server)}
    unasked = found[first.name] if first else _fallback(site, server)
    by_name: dict[str, Served] = {}
    for each in sorted(known, key=lambda each: each != first):
        for name in found[each.name].names:
            by_name.setdefault(name, found[(covering(known, name) or each).name])
    # Where there is but one to show, nobody need be asked.
    return Shown(unasked, by_name if len(known) > 1 else {})


def _served(site: Site, server: Server, certificate: Certificate) -> Served:
    private = certificate.source is CertificateSource.PRIVATE
    named = certificate.source is not CertificateSource.PROVIDED
    return Served(
        name=certificate.name,
        source=certificate.source,
        names=_names(site, server, certificate) if private else certificate.domain_name,
        services=_in_order(certificate.services),
        files=tuple(
            Files(
                certificate=f"{places.TLS_DIRECTORY}/{stem}.pem",
                key=f"{places.TLS_DIRECTORY}/{stem}.key",
                algorithm=_algorithm(certificate, algorithm) if named else "",
            )
            for stem, algorithm in zip(certificate.stems, certificate.algorithms, strict=True)
        ),
        acme=certificate.acme,
        provided=certificate.provided,
    )


def _names(site: Site, server: Server, certificate: Certificate) -> tuple[str, ...]:
    """The names of a private certificate, those that the document leaves to be added at the end.

    They are added to what a service shows unasked, unless another certificate of the service has them.
    """
    names = list(certificate.domain_name)
    for service in _in_order(certificate.services):
        others = [each for each in of_service(site.certificates, service) if each != certificate]
        if service is CertificateService.SMTP:
            mine = [each for each in site.receive_connectors if serving.of_connector(site, each) == certificate]
            wanted = [name for each in mine for name in serving.names_of(each)]
        else:
            mine = []
            wanted = list(serving.told(site, service, server.name))
        if mine or serving.unasked(site, service, server.name) == certificate:
            wanted.append(server.fqdn.lower())
            names += [name for name in wanted if not covering(others, name) or name in certificate.domain_name]
    return tuple(dict.fromkeys(names))


def _fallback(site: Site, server: Server) -> Served:
    """What services show for which the document has no certificate: all names that clients may know them by."""
    services = tuple(each for each in CertificateService if not of_service(site.certificates, each))
    told = [name for each in services for name in serving.told(site, each, server.name)]
    return Served(
        name=FALLBACK,
        source=CertificateSource.PRIVATE,
        names=tuple(dict.fromkeys((*told, server.fqdn.lower()))),
        services=services,
        files=(Files(places.SERVER_CERTIFICATE, places.SERVER_KEY, ECDSA),),
    )


def _algorithm(certificate: Certificate, algorithm: KeyAlgorithm) -> str:
    return ECDSA if algorithm is KeyAlgorithm.ECDSA else f"rsa-{certificate.rsa_size}"


def _in_order(services: frozenset[CertificateService]) -> tuple[CertificateService, ...]:
    return tuple(each for each in CertificateService if each in services)


def issued(certificate: Served) -> tuple[HostCertificate, ...]:
    """List what is to be signed for a certificate: one a key."""
    return tuple(
        HostCertificate(
            certificate=each.certificate,
            key=each.key,
            names=certificate.names,
            addresses=(),
            usage="server",
            days=SERVER_DAYS,
            algorithm=each.algorithm,
        )
        for each in certificate.files
    )
