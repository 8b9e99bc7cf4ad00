"""Certificates of a CA whose key is on this host, which the site's root or the peers' lists stand for."""

from __future__ import annotations

from pathlib import Path

from . import openssl, signing
from .configuration import Certificate
from .openssl import OpenSslError
from .source import CHAIN, KEY, SourceError


def obtain(wanted: Certificate, folder: Path) -> None:
    """Sign a new key with the CA that ``options`` name: ca_certificate, which its chain follows, and ca_key."""
    authority, authority_key = Path(wanted.options["ca_certificate"]), Path(wanted.options["ca_key"])
    try:
        above = openssl.certificates(authority.read_text(encoding="utf-8"))
        end = openssl.facts(above[0]).end
        openssl.make_key(folder / KEY, wanted.algorithm)
        leaf = signing.sign(
            signing.Wanted(
                wanted.names[0], signing.leaf_extensions(wanted.names, wanted.usage, wanted.algorithm), wanted.days, end
            ),
            folder / KEY,
            authority,
            authority_key,
        )
    except (OSError, OpenSslError, ValueError, IndexError) as error:
        raise SourceError(f"{authority}: {error}") from error
    (folder / CHAIN).write_text(leaf + "".join(above), encoding="utf-8")
