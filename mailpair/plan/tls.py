"""What every TLS server of a site speaks: Mozilla's intermediate profile, less what Dovecot need not offer."""

from __future__ import annotations

from dataclasses import dataclass

# Forward secrecy and authenticated encryption alone; TLS 1.3 brings its own suites.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
CURVES = ("X25519", "prime256v1", "secp384r1")


@dataclass(frozen=True, slots=True)
class TlsPlan:
    """Ciphers up to TLS 1.2 and curves, in OpenSSL's words."""

    ciphers: tuple[str, ...] = CIPHERS
    curves: tuple[str, ...] = CURVES
