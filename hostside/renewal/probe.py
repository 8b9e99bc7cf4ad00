"""What ports show, seen as a client would."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterable

from . import openssl
from .configuration import Certificate, Probe

PATIENCE = 10.0  # seconds for services to show what they loaded; they take less than one
_STEP = 0.05
_ANSWER = 5.0  # seconds for one port to answer

# A client that takes one kind of key alone is shown the certificate with such a key.
_ALGORITHMS = {"ecdsa": "ECDSA+SHA256", "rsa": "rsa_pss_rsae_sha256:RSA+SHA256"}

Shown = Callable[[Probe, str], str]


def shown(probe: Probe, algorithm: str) -> str:
    """The SHA-256 of the certificate that a port shows; empty where it shows none."""
    host = f"[{probe.address}]" if ":" in probe.address else probe.address
    command = ["openssl", "s_client", "-connect", f"{host}:{probe.port}", "-servername", probe.name, "-showcerts"]
    command += ["-sigalgs", _ALGORITHMS[algorithm.partition("-")[0]]]
    command += ["-starttls", probe.starttls, "-name", "localhost"] if probe.starttls else []
    with contextlib.suppress(subprocess.TimeoutExpired, UnicodeDecodeError):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_ANSWER
        )
        found = openssl.certificates(done.stdout)
        return openssl.fingerprint(found[0]) if found else ""
    return ""


def disagreeing(certificates: Iterable[Certificate], patience: float = PATIENCE, look: Shown = shown) -> dict[str, str]:
    """Why certificates are not what their ports show, by name, once it is so or no more to be waited for."""
    end = time.monotonic() + patience
    left = [(each, probe) for each in certificates for probe in each.probes]
    while True:
        wrong = [(each, probe, seen) for each, probe in left if (seen := look(probe, each.algorithm)) != _on_disk(each)]
        if not wrong or time.monotonic() > end:
            return {each.name: _complaint(probe, seen) for each, probe, seen in wrong}
        left = [(each, probe) for each, probe, _ in wrong]
        time.sleep(_STEP)


def _on_disk(certificate: Certificate) -> str:
    return openssl.fingerprint(openssl.certificates(certificate.certificate.read_text(encoding="utf-8"))[0])


def _complaint(probe: Probe, seen: str) -> str:
    return f"{probe} shows {'another certificate' if seen else 'no certificate'}"
