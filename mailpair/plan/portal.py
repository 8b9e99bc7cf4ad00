"""The page at which users look up their settings: the program, what it shows, and where it asks about passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailpair.plan import certificates, places
from mailpair.plan.publication import INCLUDED
from mailpair.publish.page import page
from mailpair.servers import Server
from mailpair.site.model import CertificateService, Site

# Debian's, so that security updates come with those of the host.
PACKAGES = ("openssl", "python3-flask", "python3-flaskext.wtf", "python3-segno", "python3-waitress")


@dataclass(frozen=True, slots=True)
class PortalPlan:
    """Values of the role portal."""

    packages: tuple[str, ...]
    running: bool
    published: dict[str, Any]  # what the page shows; holds no secret
    certificate: str  # what signs profiles
    key: str
    public_ports: tuple[int, ...] = ()  # nginx has them
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    user: str = places.PORTAL_USER
    file: str = "/etc/mailpair/portal.json"
    accounts: str = "/etc/mailpair/portal.accounts"
    socket: str = "/run/mailpair/portal.sock"
    sasl_socket: str = places.PORTAL_SASL_SOCKET
    signer_socket: str = "/run/mailpair/profile-signer.sock"
    ca: str = places.CA_FILE
    programs: str = places.PROGRAMS_DIRECTORY
    location: str = f"{INCLUDED}/page.conf"


def plan(site: Site, servers: Sequence[Server], server: Server) -> PortalPlan:
    """Plan the page of a front end; all of them show the same."""
    signing, *_ = certificates.shown(site, server, CertificateService.IIS).asked(site.web_site.host_name).files
    running = site.web_site.enabled
    return PortalPlan(
        packages=PACKAGES if running else (),
        running=running,
        published=page(site, servers) if running else {},
        certificate=signing.certificate,
        key=signing.key,
    )
