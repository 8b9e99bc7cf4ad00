"""Why a certificate must be renewed."""

from __future__ import annotations

from pathlib import Path

from . import openssl
from .configuration import Certificate
from .openssl import OpenSslError

PART_LEFT = 1 / 3  # of a life; with less than that, it is time


def reason(wanted: Certificate, now: float, *, chain: Path | None = None, key: Path | None = None) -> str | None:
    """Why a certificate is not what is wanted, or not for long; None if it is. Staged files can be asked."""
    chain, key = chain or wanted.certificate, key or wanted.key
    if not chain.exists() or not key.exists():
        return "its key is missing" if chain.exists() else "it is missing"
    try:
        found = openssl.certificates(chain.read_text(encoding="utf-8"))
        facts = openssl.facts(found[0])
    except (OpenSslError, ValueError, IndexError, KeyError):
        return "it can't be read"
    try:
        public = openssl.public_half(key)
    except OpenSslError:
        return "its key can't be read"
    if public != facts.public:
        return "it belongs to another key"
    if facts.end <= now:
        return "it has expired"
    return _differs(wanted, facts, found) or ("less than a third of its life is left" if _late(facts, now) else None)


def _late(facts: openssl.Facts, now: float) -> bool:
    return facts.left(now) < PART_LEFT


def _differs(wanted: Certificate, facts: openssl.Facts, chain: list[str]) -> str | None:
    if not {name.lower() for name in wanted.names} <= {name.lower() for name in facts.names}:
        return "its names changed"
    if wanted.source == "provided":
        return None
    if {name.lower() for name in wanted.names} != {name.lower() for name in facts.names}:
        return "its names changed"
    if facts.algorithm != wanted.algorithm:
        return "its key is of another kind"
    if wanted.usage not in facts.usages:
        return "it is for another use"
    if wanted.source == "private":
        return _not_ours(wanted, chain)
    return None


def _not_ours(wanted: Certificate, chain: list[str]) -> str | None:
    authority = Path(wanted.options["ca_certificate"])
    if not authority.exists() or not openssl.issued_by(chain[0], authority, wanted.usage):
        return "this host's CA did not issue it for this use"
    if chain[1:] != openssl.certificates(authority.read_text(encoding="utf-8")):
        return "its chain changed"
    return None
