"""Certificates by ACME: what a front end shows a CA or a name server, and how it answers a CA that comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailpair.plan.role import addresses_of
from mailpair.servers import Role, Server
from mailpair.settings import ports
from mailpair.site.certificate import Acme
from mailpair.site.model import AcmeChallenge, CertificateSource, Site

PACKAGES = ("certbot", "python3-certbot-dns-rfc2136")

FOLDER = "/etc/mailpair/acme"
STATE = "/var/lib/mailpair/acme"
LOGS = "/var/log/mailpair/acme"
ANSWERS = f"{STATE}/answers"
ANSWERS_SOCKET = "/run/mailpair-acme.sock"  # where nginx, which has port 80, passes on what CAs ask


@dataclass(frozen=True, slots=True)
class File:
    """A file of the site's private folder: ``kind`` is credential or ca, ``path`` is where it goes."""

    kind: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Dns:
    """Who takes a record for DNS-01, in the words of hostside/renewal/certbot.py."""

    server: str
    port: int
    tsig_key: str
    tsig_algorithm: str
    propagation: int


@dataclass(frozen=True, slots=True)
class Options:
    """A CA, in the words of hostside/renewal/certbot.py."""

    directory: str
    email: str | None
    external_account: str | None
    ca_file: str | None
    dns: Dns | None


@dataclass(frozen=True, slots=True)
class AcmePlan:
    """Values of the role acme."""

    asked: bool  # whether there is anything to fetch
    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    files: tuple[File, ...]
    answers: bool  # whether CAs come to front ends, at port 80
    listen: str  # the port, or the socket behind nginx, in systemd's words
    others: tuple[str, ...]  # addresses of the other front ends
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    folder: str = FOLDER
    state: str = STATE
    logs: str = LOGS
    answers_folder: str = ANSWERS


def plan(site: Site, servers: Sequence[Server], server: Server) -> AcmePlan:
    """Plan a front end of the site."""
    asked = _asked(site)
    answers = _answers(site)
    return AcmePlan(
        asked=bool(asked),
        packages=PACKAGES if asked else (),
        public_ports=(ports.HTTP,) if answers else (),
        files=tuple(dict.fromkeys(file for each in asked for file in _files(each))),
        answers=answers,
        listen=answers_socket(site) or str(ports.HTTP),
        others=tuple(
            address for address in addresses_of(servers, Role.CLIENT_ACCESS) if address not in server.addresses
        ),
    )


def answers_socket(site: Site) -> str:
    """The socket at which CAs' questions are answered where nginx has their port; empty where there are none for it."""
    return ANSWERS_SOCKET if site.web_site.enabled and _answers(site) else ""


def _answers(site: Site) -> bool:
    return any(each.challenge is AcmeChallenge.HTTP_01 for each in _asked(site))


def options(acme: Acme) -> Options:
    """How a certificate is fetched. Validation lets none pass without what is needed."""
    if acme.directory is None:
        raise ValueError("validation lets no certificate pass without a directory")
    return Options(
        directory=acme.directory,
        email=acme.email,
        external_account=_path("credential", acme.external_account) if acme.external_account else None,
        ca_file=_path("ca", acme.ca_file) if acme.ca_file else None,
        dns=_dns(acme) if acme.challenge is AcmeChallenge.DNS_01 else None,
    )


def _dns(acme: Acme) -> Dns:
    dns = acme.dns
    if dns.server is None or dns.tsig_key is None:
        raise ValueError("validation lets no DNS-01 pass without a server and a key")
    return Dns(
        server=dns.server,
        port=dns.port,
        tsig_key=_path("credential", dns.tsig_key),
        tsig_algorithm=dns.tsig_algorithm.value,
        propagation=dns.propagation_time,
    )


def _asked(site: Site) -> tuple[Acme, ...]:
    return tuple(each.acme for each in site.certificates if each.source is CertificateSource.ACME and each.acme)


def _files(acme: Acme) -> Iterator[File]:
    tsig = acme.dns.tsig_key if acme.challenge is AcmeChallenge.DNS_01 else None
    for kind, name in (("credential", acme.external_account), ("credential", tsig), ("ca", acme.ca_file)):
        if name:
            yield File(kind, name, _path(kind, name))


def _path(kind: str, name: str) -> str:
    return f"{FOLDER}/{kind}-{name}"
