"""What the document says of a certificate, and what a service shows of several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailpair.settings.certificate_values import (
    AcmeChallenge,
    CertificateService,
    CertificateSource,
    KeyAlgorithm,
    TsigAlgorithm,
)
from mailpair.settings.names import covers

RSA_SIZE = 2048


@dataclass(frozen=True, slots=True)
class AcmeDns:
    """Who takes changes of a zone, for DNS-01 (RFC 2136). None only where DNS-01 is not asked for."""

    server: str | None  # a name or an address
    port: int
    tsig_key: str | None  # a name under credentials/ of the site's private folder; that file is NAME:KEY
    tsig_algorithm: TsigAlgorithm
    propagation_time: int  # seconds


@dataclass(frozen=True, slots=True)
class Acme:
    """How a certificate is fetched (RFC 8555)."""

    directory: str | None  # None only in a document that is refused for that
    email: str | None
    challenge: AcmeChallenge
    terms_of_service_agreed: bool
    external_account: str | None  # a name under credentials/ of the site's private folder; that file is KID:KEY
    ca_file: str | None  # a name under certificates/ there; None: those that Debian trusts
    dns: AcmeDns


@dataclass(frozen=True, slots=True)
class Provided:
    """Files under ``certificates/`` of the site's private folder; None only in a document that is refused for that."""

    certificate: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that front ends serve (New-, Import- and Enable-ExchangeCertificate).

    ``key_algorithms`` and ``key_size`` are None where the document does not say; :attr:`algorithms` and
    :attr:`rsa_size` are what then holds.
    """

    name: str
    source: CertificateSource
    domain_name: tuple[str, ...]  # the first is the subject
    services: frozenset[CertificateService]
    key_algorithms: frozenset[KeyAlgorithm] | None = None
    key_size: int | None = None
    acme: Acme | None = None  # None: nothing was said
    provided: Provided | None = None

    @property
    def algorithms(self) -> tuple[KeyAlgorithm, ...]:
        """What keys are made for, the preferred one first; of a provided certificate nothing is known here."""
        asked = self.key_algorithms or {KeyAlgorithm.RSA if self.key_size else KeyAlgorithm.ECDSA}
        return tuple(each for each in KeyAlgorithm if each in asked)

    @property
    def rsa_size(self) -> int:
        """Bits of its RSA key, if it has one."""
        return self.key_size or RSA_SIZE

    @property
    def stem(self) -> str:
        """What its files are called, without an ending: ``Contoso mail (2)`` is Contoso-mail-2."""
        return re.sub(r"[^A-Za-z0-9._]+", "-", self.name).strip("-")

    @property
    def stems(self) -> tuple[str, ...]:
        """The same for each of its keys; a second one is RSA's."""
        return (self.stem, f"{self.stem}-rsa")[: len(self.algorithms)]


def of_service(certificates: Iterable[Certificate], service: CertificateService) -> tuple[Certificate, ...]:
    """The certificates that a service has."""
    return tuple(each for each in certificates if service in each.services)


def covering(certificates: Sequence[Certificate], name: str) -> Certificate | None:
    """The certificate that speaks of a name: one with the name itself goes before one with a wildcard."""
    exact = (each for each in certificates if name in each.domain_name)
    wide = (each for each in certificates if any(covers(known, name) for known in each.domain_name))
    return next(exact, None) or next(wide, None)
