"""Services that read certificates: they load them by a reload, and never by a restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from .configuration import Certificate, Configuration


def load(configuration: Configuration, services: Iterable[str]) -> dict[str, str]:
    """Have running services load their files; what went wrong, by service."""
    wrong: dict[str, str] = {}
    for service in services:
        for command in configuration.reloads[service] if active(service) else ():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                wrong[service] = f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}"
    return wrong


def running(certificate: Certificate) -> bool:
    """Whether all services that show a certificate run, so that its ports can be asked."""
    return bool(certificate.probes) and all(active(service) for service in certificate.services)


def active(service: str) -> bool:
    """Whether systemd holds a unit for active."""
    return subprocess.run(["systemctl", "--quiet", "is-active", service], check=False).returncode == 0
