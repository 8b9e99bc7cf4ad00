"""Which certificate a service shows: the one of the name that a client asks for (SNI), or else a certain one.

Everyone who has to know asks here: rules, plans of front ends, and what clients are told.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailpair.settings.names import PRIVATE_CA, covers
from mailpair.site.certificate import covering, of_service
from mailpair.site.model import (
    AuthMechanism,
    Certificate,
    CertificateService,
    CertificateSource,
    Protocol,
    ReceiveConnector,
    Site,
    TlsCertificateName,
)
from mailpair.site.web_names import web_names

PROTOCOLS = {CertificateService.POP: Protocol.POP3, CertificateService.IMAP: Protocol.IMAP4}


def told(site: Site, service: CertificateService, server: str | None = None) -> tuple[str, ...]:
    """The names that clients know a service by, on a server or the site's: first those that its certificate is for.

    ``server`` is an inventory name. Names in several places are there once.
    """
    names: list[str] = []
    if protocol := PROTOCOLS.get(service):
        settings = site.protocol_settings(protocol, server)
        names += [settings.x509_certificate_name] if settings.x509_certificate_name else []
        listed = (*settings.external_connection_settings, *(settings.internal_connection_settings or ()))
        names += [each.host for each in listed]
    elif service is CertificateService.SMTP:
        names += [name for each in site.receive_connectors for name in names_of(each)]
    else:
        names += web_names(site)
    return tuple(dict.fromkeys(name.lower() for name in names))


def names_of(connector: ReceiveConnector) -> tuple[str, ...]:
    """The names that clients know a receive connector by: its own first."""
    listed = (*(connector.external_connection_settings or ()), *(connector.internal_connection_settings or ()))
    names = [*([connector.fqdn] if connector.fqdn else []), *(each.host for each in listed)]
    return tuple(dict.fromkeys(name.lower() for name in names))


def unasked(site: Site, service: CertificateService, server: str | None = None) -> Certificate | None:
    """What a service shows to a client that asks for no name, or for one that no certificate has.

    That is the certificate of the first name that clients are told, or else the first; None where it has none. Each
    receive connector has one of its own: :func:`of_connector`.
    """
    return _first(of_service(site.certificates, service), told(site, service, server))


def of_connector(site: Site, connector: ReceiveConnector) -> Certificate | None:
    """The same of a receive connector: what tls_certificate_name says, or else the certificate of its name."""
    known = of_service(site.certificates, CertificateService.SMTP)
    if connector.tls_certificate_name:
        return next((each for each in known if is_named(each, connector.tls_certificate_name)), None)
    return _first(known, [connector.fqdn.lower()] if connector.fqdn else [])


def is_named(certificate: Certificate, name: TlsCertificateName) -> bool:
    """Whether a certificate is meant by issuer and subject; who issues others than the site's is known to their CA."""
    issued = name.issuer.upper().startswith(f"CN={PRIVATE_CA}".upper())
    ours = certificate.source is CertificateSource.PRIVATE
    return (issued or not ours) and name.subject.upper() == f"CN={certificate.domain_name[0]}".upper()


def is_on(site: Site, service: CertificateService) -> bool:
    """Whether a service is there and speaks TLS."""
    if protocol := PROTOCOLS.get(service):
        return site.pair(protocol).enabled
    if service is CertificateService.SMTP:
        return any(each.enabled and AuthMechanism.TLS in each.auth_mechanism for each in site.receive_connectors)
    return site.web_site.enabled


def is_covered(site: Site, service: CertificateService, name: str) -> bool:
    """Whether a certificate of a service speaks of a name."""
    known = of_service(site.certificates, service)
    return any(covers(each, name.lower()) for certificate in known for each in certificate.domain_name)


def _first(known: tuple[Certificate, ...], names: Iterable[str]) -> Certificate | None:
    found = (covering(known, name) for name in names)
    return next((each for each in found if each), known[0] if known else None)
