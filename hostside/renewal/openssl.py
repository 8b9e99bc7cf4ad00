"""The openssl command, and what it says of certificates and keys."""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
_USAGES = {"TLS Web Server Authentication": "server", "TLS Web Client Authentication": "client"}
_ALGORITHMS = {"id-ecPublicKey": "ecdsa", "rsaEncryption": "rsa"}
_PURPOSES = {"server": "sslserver", "client": "sslclient"}


class OpenSslError(Exception):
    """What openssl did not do; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says. Times are seconds since the epoch, ``fingerprint`` is SHA-256 in hexadecimal."""

    fingerprint: str
    public: str  # the key, as PEM
    algorithm: str  # ecdsa or rsa-BITS
    names: frozenset[str]
    permitted: frozenset[str]  # of a CA: the names that it may speak for
    usages: frozenset[str]  # server, client
    start: float
    end: float

    def left(self, now: float) -> float:
        """What part of its life is left."""
        return (self.end - now) / (self.end - self.start)


def run(*words: str | Path, data: str = "") -> str:
    """Run openssl; what it printed. Raises OpenSslError with its first complaint."""
    done = subprocess.run(
        ["openssl", *(str(word) for word in words)], input=data, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise OpenSslError(said.splitlines()[0] if said else f"openssl {words[0]} ended with {done.returncode}")
    return done.stdout


def certificates(text: str) -> list[str]:
    """The certificates in a PEM file's text, each as PEM."""
    return [block.rstrip("\n") + "\n" for block in _BLOCK.findall(text)]


def fingerprint(pem: str) -> str:
    """SHA-256 of a certificate."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip())).hexdigest()


def facts(pem: str) -> Facts:
    """Read a certificate; raises OpenSslError or ValueError for what is none."""
    text = run("x509", "-noout", "-pubkey", "-startdate", "-enddate", "-text", "-certopt", "no_sigdump", data=pem)
    dates = dict(line.split("=", 1) for line in text.splitlines() if line.startswith(("notBefore=", "notAfter=")))
    algorithm = _ALGORITHMS.get(_first(r"Public Key Algorithm: (\S+)", text), "another")
    bits = _first(r"Public-Key: \((\d+) bit\)", text)
    permitted = _first(r"Permitted:\n((?:\s+DNS:\S+\n)+)", text)
    return Facts(
        fingerprint=fingerprint(pem),
        public=_first(r"(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----)", text),
        algorithm=f"rsa-{bits}" if algorithm == "rsa" else algorithm,
        names=frozenset(_dns(_first(r"Subject Alternative Name:.*\n(.*)\n", text))),
        permitted=frozenset(_dns(permitted)),
        usages=frozenset(use for words, use in _USAGES.items() if words in text),
        start=float(ssl.cert_time_to_seconds(dates["notBefore"])),
        end=float(ssl.cert_time_to_seconds(dates["notAfter"])),
    )


def public_half(key: Path) -> str:
    """The public half of a private key's file, as PEM."""
    return run("pkey", "-in", key, "-pubout").strip()


def make_key(path: Path, algorithm: str) -> None:
    """Make a private key that its owner alone can read."""
    kind, _, bits = algorithm.partition("-")
    options = ["RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if kind == "rsa" else ["EC", "-pkeyopt", _CURVE]
    path.touch(mode=0o600)
    path.chmod(0o600)
    # Not by its option -out: on a full disk it leaves half a key and calls that a success.
    path.write_text(run("genpkey", "-algorithm", *options), encoding="utf-8")


_CURVE = "ec_paramgen_curve:P-256"


def issued_by(pem: str, authority: Path, usage: str) -> bool:
    """Whether a certificate is of this very CA, for a use, within its constraints, and not expired."""
    try:
        run("verify", "-partial_chain", "-trusted", authority, "-purpose", _PURPOSES[usage], data=pem)
    except OpenSslError:
        return False
    return True


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL if "BEGIN" in pattern else 0)
    return found[1] if found else ""


def _dns(text: str) -> list[str]:
    return [entry.removeprefix("DNS:") for entry in re.split(r"[,\s]+", text) if entry.startswith("DNS:")]
