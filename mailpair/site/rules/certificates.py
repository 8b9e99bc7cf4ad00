"""The certificate of the front ends: one for everything, and it speaks of every name that a protocol asks for."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.settings.names import covers
from mailpair.site.model import CertificateService, Protocol, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule


def _one(site: Site) -> Iterator[Problem]:
    for certificate in site.certificates[1:]:
        yield Problem(
            f"certificates[{certificate.name}]",
            shown(certificate.name),
            "must be the only certificate",
            f"add its names to {site.certificates[0].name}",
        )


def _all_services(site: Site) -> Iterator[Problem]:
    for certificate in site.certificates:
        if missing := set(CertificateService) - certificate.services:
            yield Problem(
                f"certificates[{certificate.name}].services",
                ", ".join(each.value for each in CertificateService if each in certificate.services),
                "must be POP, IMAP, SMTP, since one certificate serves all of them",
                f"add {', '.join(each.value for each in CertificateService if each in missing)}, or leave services out",
            )


def _covered(site: Site) -> Iterator[Problem]:
    names = [name for certificate in site.certificates for name in certificate.domain_name]
    if not names:
        return  # The certificate that is then issued has every name.
    for place, asked in _places(site):
        if asked and not any(covers(name, asked) for name in names):
            yield Problem(
                f"{place}.x509_certificate_name",
                shown(asked),
                "must be a name that a certificate covers",
                f"add it to certificates[{site.certificates[0].name}].domain_name",
            )


def _places(site: Site) -> Iterator[tuple[str, str | None]]:
    """Where a name is asked for, and the name; a server that asks for the site's name is left out."""
    for protocol, group in ((Protocol.POP3, "pop_settings"), (Protocol.IMAP4, "imap_settings")):
        name = site.protocol_settings(protocol).x509_certificate_name
        yield group, name
        for server in site.servers:
            own = site.protocol_settings(protocol, server.name).x509_certificate_name
            if own != name:
                yield f"servers[{server.name}].{group}", own


RULES = (
    Rule(_one),
    Rule(_all_services),
    Rule(_covered, frozenset({"certificates"})),
)
