"""What certificates are made of, served for and fetched by."""

from __future__ import annotations

from enum import Enum


class CertificateSource(Enum):
    """Where a certificate comes from."""

    PRIVATE = "private"  # the site's own CA
    ACME = "acme"  # a CA that speaks RFC 8555
    PROVIDED = "provided"  # files that the administrator has


class CertificateService(Enum):
    """What a certificate is enabled for (Enable-ExchangeCertificate -Services)."""

    POP = "POP"
    IMAP = "IMAP"
    SMTP = "SMTP"
    IIS = "IIS"  # web pages


class KeyAlgorithm(Enum):
    """What a key is made for; in the order in which a server with both prefers them."""

    ECDSA = "ECDSA"  # P-256
    RSA = "RSA"


class AcmeChallenge(Enum):
    """How a front end proves to the CA that a name is the site's (RFC 8555, section 8)."""

    HTTP_01 = "HTTP-01"  # a file that the CA fetches from port 80
    DNS_01 = "DNS-01"  # a record that is put into the name's zone (RFC 2136)


class TsigAlgorithm(Enum):
    """How changes of a zone are signed (RFC 8945)."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA384 = "hmac-sha384"
    HMAC_SHA512 = "hmac-sha512"
