"""Why a certificate must be renewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from . import openssl
from .configuration import Certificate
from .openssl import OpenSslError

PART_LEFT = 1 / 3  # of a life; with less than that, it is time

MISSING, KEY_MISSING, UNREADABLE = "it is missing", "its key is missing", "it can't be read"
KEY_UNREADABLE, ANOTHER_KEY, EXPIRED = "its key can't be read", "it belongs to another key", "it has expired"
UNUSABLE = frozenset({MISSING, KEY_MISSING, UNREADABLE, KEY_UNREADABLE, ANOTHER_KEY, EXPIRED})


def reason(wanted: Certificate, now: float, *, chain: Path | None = None, key: Path | None = None) -> str | None:
    """Why a certificate is not what is wanted, or not for long; None if it is. Staged files can be asked."""
    chain, key = chain or wanted.certificate, key or wanted.key
    if not chain.exists() or not key.exists():
        return KEY_MISSING if chain.exists() else MISSING
    try:
        found = openssl.certificates(chain.read_text(encoding="utf-8"))
        facts = openssl.facts(found[0])
    except (OpenSslError, ValueError, IndexError, KeyError):
        return UNREADABLE
    try:
        public = openssl.public_half(key)
    except OpenSslError:
        return KEY_UNREADABLE
    if public != facts.public:
        return ANOTHER_KEY
    if facts.end <= now:
        return EXPIRED
    return _differs(wanted, facts, found) or ("less than a third of its life is left" if _late(facts, now) else None)


def stand_in(wanted: Certificate) -> Certificate | None:
    """What is served until somebody else's CA has issued a certificate: this host's own CA does, for the same names."""
    options = wanted.options.get("stand_in")
    return replace(wanted, source="private", options=options) if options else None


def reason_to_stand_in(wanted: Certificate, now: float) -> str | None:
    """Why one of this host's own CA must be made; None if it is served already, or none is needed."""
    own = stand_in(wanted)
    why = reason(own, now) if own else None
    if own is None or why is None or why in UNUSABLE:
        return why
    return why if _is_issued(own, openssl.certificates(own.certificate.read_text(encoding="utf-8"))) else None


def _is_issued(own: Certificate, chain: list[str]) -> bool:
    """Whether this host's own CA issued what a file has."""
    authority = Path(own.options["ca_certificate"])
    return bool(chain) and authority.exists() and openssl.issued_by(chain[0], authority, own.usage)


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
    own = stand_in(wanted)
    return "one of this host's own CA stands in for it" if own and _is_issued(own, chain) else None


def _not_ours(wanted: Certificate, chain: list[str]) -> str | None:
    authority = Path(wanted.options["ca_certificate"])
    if not _is_issued(wanted, chain):
        return "this host's CA did not issue it for this use"
    if chain[1:] != openssl.certificates(authority.read_text(encoding="utf-8")):
        return "its chain changed"
    return None
