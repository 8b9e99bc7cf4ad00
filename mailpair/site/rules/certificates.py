"""Certificates: each of one source, each name of a service in one of them, and none missing that clients look for."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.settings.certificate_values import AcmeChallenge
from mailpair.site import serving
from mailpair.site.certificate import Acme, of_service
from mailpair.site.model import Certificate, CertificateService, CertificateSource, KeyAlgorithm, Protocol, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule

# Files in the same folder that are no certificate's of the document.
_TAKEN = frozenset({"ca", "issuing", "peer", "root", "server"})

# CAs that the public trusts issue for no name that is nobody's (CA/Browser Forum, Baseline Requirements 4.2.2).
_PUBLIC = ("letsencrypt.org", "pki.goog", "zerossl.com", "buypass.com", "ssl.com", "digicert.com", "sectigo.com")
# RFC 2606, RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps for private use.
_RESERVED = ("test", "example", "invalid", "localhost", "local", "internal", "home.arpa")


def path(certificate: Certificate, setting: str) -> str:
    """Where a setting of a certificate is."""
    return f"certificates[{certificate.name}].{setting}"


def _sources(site: Site) -> Iterator[Problem]:
    for each in site.certificates:
        for group, given in ((CertificateSource.ACME, each.acme), (CertificateSource.PROVIDED, each.provided)):
            if given and each.source is not group:
                yield Problem(
                    path(each, group.value),
                    "given",
                    f"must not be given while source is {each.source.value}",
                    f"set source to {group.value}, or remove it",
                )
        if each.source is CertificateSource.PROVIDED:
            yield from _needed(each, "provided", each.provided, dict.fromkeys(("certificate", "key"), "a file's name"))
            for name, value in (("key_algorithms", each.key_algorithms), ("key_size", each.key_size)):
                if value:
                    said = str(value) if isinstance(value, int) else ", ".join(sorted(one.value for one in value))
                    rule = "must not be given while source is provided"
                    yield Problem(path(each, name), said, rule, "remove it; the key is as it was provided")


def _needed(certificate: Certificate, group: str, given: object, members: dict[str, str]) -> Iterator[Problem]:
    for name, what in members.items():
        if getattr(given, name, None) is None:
            place = path(certificate, f"{group}.{name}")
            yield Problem(place, "missing", f"must be given for the source {group}", f"add {name}, {what}")


def _acme(site: Site) -> Iterator[Problem]:
    for each in site.certificates:
        if each.source is not CertificateSource.ACME:
            continue
        yield from _needed(each, "acme", each.acme, {"directory": "the https address of the CA's directory"})
        if each.acme is None:
            continue
        if not each.acme.terms_of_service_agreed:
            yield Problem(
                path(each, "acme.terms_of_service_agreed"),
                "false",
                "must be true, or the CA issues nothing",
                "read its terms, and set it to true",
            )
        yield from _challenge(each, each.acme)
        yield from _reserved(each, each.acme)


def _challenge(certificate: Certificate, acme: Acme) -> Iterator[Problem]:
    if acme.challenge is AcmeChallenge.DNS_01:
        for name, what in (
            ("server", "the name server that takes changes"),
            ("tsig_key", "the name of a file under private/credentials"),
        ):
            if getattr(acme.dns, name) is None:
                place = path(certificate, f"acme.dns.{name}")
                yield Problem(place, "missing", "must be given for DNS-01", f"add {name}, {what}")
        return
    if acme.dns.server or acme.dns.tsig_key:
        rule = "must not be given while acme.challenge is HTTP-01"
        yield Problem(path(certificate, "acme.dns"), "given", rule, "set acme.challenge to DNS-01, or remove it")
    for index, name in enumerate(certificate.domain_name):
        if name.startswith("*."):
            yield Problem(
                path(certificate, f"domain_name[{index}]"),
                shown(name),
                "must not be a wildcard for HTTP-01, by which nobody can prove one",
                "set acme.challenge to DNS-01, or list the names",
            )


def _reserved(certificate: Certificate, acme: Acme) -> Iterator[Problem]:
    host = (acme.directory or "").removeprefix("https://").partition("/")[0].partition(":")[0]
    if not any(host == each or host.endswith(f".{each}") for each in _PUBLIC):
        return
    for index, name in enumerate(certificate.domain_name):
        end = next((each for each in _RESERVED if name.endswith(f".{each}")), None)
        if end:
            yield Problem(
                path(certificate, f"domain_name[{index}]"),
                shown(name),
                f"must be a name that {host} issues for, and .{end} is for private use",
                "take the source private, or a name in a domain of yours",
            )


def _keys(site: Site) -> Iterator[Problem]:
    for each in site.certificates:
        if each.key_size and KeyAlgorithm.RSA not in each.algorithms:
            yield Problem(
                path(each, "key_size"),
                str(each.key_size),
                "must not be given without an RSA key; ECDSA keys are P-256",
                "add RSA to key_algorithms, or remove it",
            )


def _once(site: Site) -> Iterator[Problem]:
    """A client's question must have one answer."""
    for number, each in enumerate(site.certificates):
        for index, name in enumerate(each.domain_name):
            for other in site.certificates[:number]:
                both = [one.value for one in CertificateService if one in each.services & other.services]
                if both and name in other.domain_name:
                    yield Problem(
                        path(each, f"domain_name[{index}]"),
                        shown(name),
                        f"must be in one certificate of {', '.join(both)}",
                        f"certificates[{other.name}] has it as well; remove it from one of the two, or take "
                        f"{', '.join(both)} from the services of one",
                    )


def _files(site: Site) -> Iterator[Problem]:
    """Each certificate has files of its own on front ends."""
    owners = dict.fromkeys(_TAKEN, "mailpair itself")
    for each in site.certificates:
        taken = next((stem for stem in each.stems if stem in owners), None)
        if taken is not None or not each.stem:
            rule = f"must be a name whose file is free, and {taken or ''}.pem is of {owners.get(taken or '', 'nobody')}"
            yield Problem(f"certificates[{each.name}]", shown(each.name), rule, "choose another name")
        owners.update(dict.fromkeys(each.stems, f"certificates[{each.name}]"))


def _each_service(site: Site) -> Iterator[Problem]:
    """Where there are none at all, the site's CA issues one for everything."""
    for service in CertificateService:
        if site.certificates and serving.is_on(site, service) and not of_service(site.certificates, service):
            yield Problem(
                "certificates",
                f"none of {service.value}",
                "must have one for each service that is on",
                f"add {service.value} to the services of one",
            )


def _asked(site: Site) -> Iterator[Problem]:
    """What x509_certificate_name asks for is there."""
    for place, server, service, _ in _places(site):
        protocol = serving.PROTOCOLS[service]
        asked = site.protocol_settings(protocol, server).x509_certificate_name
        same = server is not None and asked == site.protocol_settings(protocol).x509_certificate_name
        if asked and not same:
            yield from _covered(site, service, asked, f"{place}.x509_certificate_name", shown(asked))


def _told(site: Site) -> Iterator[Problem]:
    """What clients are told is in a certificate, where none is shown that it could be added to."""
    for place, server, service, on in _places(site):
        settings, site_s = (site.protocol_settings(serving.PROTOCOLS[service], each) for each in (server, None))
        if not on or _is_private(serving.unasked(site, service, server)):
            continue
        for name in ("external_connection_settings", "internal_connection_settings"):
            listed = getattr(settings, name) or ()
            for index, each in enumerate(listed if server is None or listed != getattr(site_s, name) else ()):
                yield from _covered(site, service, each.host, f"{place}.{name}[{index}]", shown(str(each)))


def _connectors(site: Site) -> Iterator[Problem]:
    """A connector that speaks TLS under a name has a certificate of that name."""
    for each in site.receive_connectors:
        speaks = serving.is_on(site, CertificateService.SMTP) and each.enabled
        if not speaks or _is_private(serving.of_connector(site, each)):
            continue
        place = f"receive_connectors[{each.name}]"
        if each.fqdn:
            yield from _covered(site, CertificateService.SMTP, each.fqdn, f"{place}.fqdn", shown(each.fqdn))
        for name in ("external_connection_settings", "internal_connection_settings"):
            for index, told in enumerate(getattr(each, name) or ()):
                where = f"{place}.{name}[{index}]"
                yield from _covered(site, CertificateService.SMTP, told.host, where, shown(str(told)))


def _page(site: Site) -> Iterator[Problem]:
    """A browser finds the name that it asks for; mail programs look in several places, and need not find each."""
    if site.web_site.enabled and not _is_private(serving.unasked(site, CertificateService.IIS)):
        name = site.web_site.host_name
        yield from _covered(site, CertificateService.IIS, name, "web_site.host_name", shown(name))


def _is_private(certificate: Certificate | None) -> bool:
    """Whether names can be added to what is shown; where the document has none, they can."""
    return certificate is None or certificate.source is CertificateSource.PRIVATE


def _covered(site: Site, service: CertificateService, name: str, place: str, value: str) -> Iterator[Problem]:
    known = of_service(site.certificates, service)
    if known and not serving.is_covered(site, service, name):
        first = f"certificates[{known[0].name}].domain_name"
        remedy = f"add it to {first}" if len(known) == 1 else f"add it to {first}, or to another's of that service"
        yield Problem(place, value, f"must be a name that a certificate of {service.value} covers", remedy)


def _places(site: Site) -> Iterator[tuple[str, str | None, CertificateService, bool]]:
    """Settings of protocols, the site's and servers' own: where, whose, of which service, and whether that is on."""
    for service, protocol in serving.PROTOCOLS.items():
        group = "pop_settings" if protocol is Protocol.POP3 else "imap_settings"
        yield group, None, service, site.pair(protocol).enabled
        for server in site.servers:
            yield f"servers[{server.name}].{group}", server.name, service, site.pair(protocol).enabled


_WHOLE = frozenset({"certificates"})

RULES = (
    Rule(_sources),
    Rule(_acme),
    Rule(_keys),
    Rule(_once),
    Rule(_files),
    Rule(_each_service, _WHOLE),
    Rule(_asked, _WHOLE),
    Rule(_told, _WHOLE),
    Rule(_connectors, _WHOLE),
    Rule(_page, _WHOLE | {"web_site"}),
)
