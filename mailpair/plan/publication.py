"""What front ends answer over HTTPS: nginx, with the answers to mail programs as files, and a place for the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailpair.plan import acme, certificates
from mailpair.plan.certificates import Files
from mailpair.plan.tls import TlsPlan
from mailpair.publish.autoconfig import autoconfig
from mailpair.publish.autodiscover import autodiscover, autodiscover_json
from mailpair.publish.pacc import pacc
from mailpair.servers import Server
from mailpair.settings.ports import WEB
from mailpair.site.model import CertificateService, Site
from mailpair.site.web_names import discovery_names

PACKAGES = ("nginx-light",)

FOLDER = "/var/lib/mailpair/published"
INCLUDED = "/etc/nginx/mailpair.d"  # what other roles add to the page's own server, *.conf

_AUTOCONFIG = ("= /mail/config-v1.1.xml", "= /.well-known/autoconfig/mail/config-v1.1.xml")
_AUTODISCOVER = (r"~* ^/autodiscover/autodiscover\.xml$",)
_AUTODISCOVER_JSON = (r"~* ^/autodiscover/autodiscover\.json(?:/v1\.0/[^/]+)?$",)
_PACC = ("= /.well-known/user-agent-configuration.json",)


@dataclass(frozen=True, slots=True)
class Answer:
    """A file, and where it is found, in nginx's words."""

    path: str
    content: str
    locations: tuple[str, ...]
    only_protocol: str | None = None  # what the request's argument of that name must say, in any case
    in_the_clear: bool = False  # at 80 as well, where programs ask before they ask at 443


@dataclass(frozen=True, slots=True)
class Domain:
    """What is found under names of a domain that have one certificate."""

    name: str
    names: tuple[str, ...]
    answers: tuple[Answer, ...]
    certificates: tuple[Files, ...]


@dataclass(frozen=True, slots=True)
class PublicationPlan:
    """Values of the role publication."""

    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    enabled: bool
    host_name: str
    domains: tuple[Domain, ...]
    certificates: tuple[Files, ...]  # for names that are nothing here
    page_certificates: tuple[Files, ...]
    watched: tuple[str, ...]  # files of others that are loaded
    challenges: (
        str  # the socket at which CAs are answered that look whether names are the site's (HTTP-01); empty: none
    )
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    folder: str = FOLDER
    included: str = INCLUDED
    tls: TlsPlan = field(default_factory=TlsPlan)


def plan(site: Site, servers: Sequence[Server], server: Server) -> PublicationPlan:
    """Plan what a front end publishes; all of them publish the same, for all users alike."""
    enabled = site.web_site.enabled
    shown = certificates.shown(site, server, CertificateService.IIS)
    return PublicationPlan(
        packages=PACKAGES if enabled else (),
        public_ports=WEB if enabled else (),
        enabled=enabled,
        host_name=site.web_site.host_name,
        domains=tuple(
            Domain(name, names, tuple(_answers(site, servers, name)), files)
            for name in (site.accepted_domains if enabled else ())
            for files, names in _by_certificate(shown, discovery_names(name)).items()
        ),
        certificates=shown.unasked.files,
        page_certificates=shown.asked(site.web_site.host_name).files,
        watched=(*shown.paths, f"{INCLUDED}/page.conf"),
        challenges=acme.answers_socket(site),
    )


def _by_certificate(shown: certificates.Shown, names: Sequence[str]) -> dict[tuple[Files, ...], tuple[str, ...]]:
    """Names with the files that each is shown: nginx has them for a server as a whole."""
    found: dict[tuple[Files, ...], tuple[str, ...]] = {}
    for name in names:
        files = shown.asked(name).files
        found[files] = (*found.get(files, ()), name)
    return found


def _answers(site: Site, servers: Sequence[Server], domain: str) -> Iterator[Answer]:
    """Those that there are: what is not told of has no place."""
    folder = f"{FOLDER}/{domain}"
    for name, content, locations in (
        ("config-v1.1.xml", autoconfig(site, servers), _AUTOCONFIG),
        ("autodiscover.xml", autodiscover(site, servers), _AUTODISCOVER),
        ("autodiscover.json", autodiscover_json(site, domain, servers), _AUTODISCOVER_JSON),
        ("user-agent-configuration.json", pacc(site, servers), _PACC),
    ):
        if content is not None:
            yield Answer(
                path=f"{folder}/{name}",
                content=content,
                locations=locations,
                only_protocol="AutodiscoverV1" if locations is _AUTODISCOVER_JSON else None,
                in_the_clear=locations is _AUTOCONFIG,
            )
