"""Configuration profiles for Apple's Mail: the controller's templates, made a user's own, and signed.

The key is not here. Another program has it, which signs what comes to its socket, and does nothing else.
"""

from __future__ import annotations

import plistlib
import re
import socket
import ssl
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ADDRESS = "{address}"  # stands for the user's in a template
PATIENCE = 10.0  # seconds
MIME_TYPE = "application/x-apple-aspen-config"

_IDENTITY = re.compile(r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b")
_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def profile(
    template: Mapping[str, Any], authority: Mapping[str, Any] | None, authorities: Sequence[bytes], address: str
) -> bytes:
    """A user's profile. ``authority`` is the template for a CA that devices are to trust, ``authorities`` are those."""
    trusted = [] if authority is None else [_named(authority, number, ca) for number, ca in enumerate(authorities)]
    whole = {**template, "PayloadContent": [*template["PayloadContent"], *trusted]}
    return plistlib.dumps(_fitted(whole, address), sort_keys=False)


def _named(authority: Mapping[str, Any], number: int, ca: bytes) -> dict[str, Any]:
    """The payload of a CA. There are two while one takes the other's place, and each needs identifiers of its own."""
    own = _fitted(dict(authority), f"ca {number}") if number else authority
    return {**own, "PayloadContent": ca}


def _fitted(value: Any, address: str) -> Any:
    if isinstance(value, dict):
        return {key: _fitted(item, address) for key, item in value.items()}
    if isinstance(value, list):
        return [_fitted(item, address) for item in value]
    if isinstance(value, str):
        return _IDENTITY.sub(lambda found: _own(found[0], address), value).replace(ADDRESS, address)
    return value


def _own(identity: str, address: str) -> str:
    own = str(uuid.uuid5(uuid.UUID(identity), address))
    return own.upper() if identity.isupper() else own


def certificates(path: Path) -> list[bytes]:
    """The certificates in a PEM file, in DER."""
    return [ssl.PEM_cert_to_DER_cert(pem) for pem in _CERTIFICATE.findall(path.read_text())]


class NotSignedError(Exception):
    """The signer gave no signature."""


@dataclass(frozen=True)
class Signer:
    """The program that signs, behind a socket: what is to be signed goes in, CMS in DER comes out."""

    path: str

    def __call__(self, content: bytes) -> bytes:
        """The content, signed."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(self.path)
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                with connection.makefile("rb") as answer:
                    signed = answer.read()
        except OSError as error:
            raise NotSignedError(f"{self.path}: {error}") from None
        if not signed:
            raise NotSignedError(f"{self.path}: nothing came back")
        return signed
