"""Which files of the administrator's a front end gets, and where."""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.plan import certificates, places
from mailpair.servers import Server
from mailpair.site.model import Site


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key: names under ``certificates/`` of the site's private folder, and paths on the host."""

    certificate_file: str
    key_file: str
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class ProvidedPlan:
    """Values of the role provided_certificates."""

    directory: str
    pairs: tuple[Pair, ...]


def plan(site: Site, server: Server) -> ProvidedPlan:
    """Plan what is copied to a front end of the site."""
    return ProvidedPlan(
        directory=places.TLS_DIRECTORY,
        pairs=tuple(
            Pair(given.certificate or "", given.key or "", each.files[0].certificate, each.files[0].key)
            for each in certificates.served(site, server)
            if (given := each.provided)
        ),
    )
