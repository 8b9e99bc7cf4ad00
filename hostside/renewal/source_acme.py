"""Certificates of a CA that speaks ACME (RFC 8555)."""

from __future__ import annotations

from pathlib import Path

from . import certbot, openssl
from .certbot import Ca, CertbotError
from .configuration import Certificate
from .openssl import OpenSslError
from .source import CHAIN, KEY, SourceError


def obtain(wanted: Certificate, folder: Path) -> None:
    """Have the CA that ``options`` tell of, as ``ca``, sign a new key."""
    request = folder / "request"
    names = ",".join(f"DNS:{name}" for name in wanted.names)
    try:
        ca = Ca.of(wanted.options["ca"])
        openssl.make_key(folder / KEY, wanted.algorithm)
        # Not every CA takes a subject, and nothing looks at it.
        words = ("req", "-new", "-key", folder / KEY, "-subj", "/", "-addext", f"subjectAltName={names}")
        openssl.run(*words, "-out", request)
        certbot.fetch(ca, request, folder / CHAIN)
        request.unlink()
    except (CertbotError, OpenSslError, OSError, ValueError) as error:
        raise SourceError(f"{wanted.options['ca']['directory']}: {error}") from error
