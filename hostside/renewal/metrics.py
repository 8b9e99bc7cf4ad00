"""What the program found, in the form of Prometheus' node exporter's text files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import pairs


@dataclass
class Findings:
    """What a run found out."""

    left: dict[str, float] = field(default_factory=dict)  # seconds until the end, by name; CAs of this host as well
    agree: dict[str, bool] = field(default_factory=dict)  # whether ports show what is on the disk
    problems: dict[str, str] = field(default_factory=dict)


def write(path: Path, found: Findings, now: float) -> None:
    """Replace the file; a host without a node exporter has it as well."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    pairs.write(path, text(found, now))


def text(found: Findings, now: float) -> str:
    """The file's text."""
    lines = [
        *_gauge("certificate_left_seconds", "Seconds until a certificate or a CA of this host ends", found.left),
        *_gauge("certificate_served", "Whether all ports show the certificate that is on the disk", found.agree),
        "# HELP mailpair_renewal_success Whether the last run found everything in order",
        "# TYPE mailpair_renewal_success gauge",
        f"mailpair_renewal_success {int(not found.problems)}",
        "# HELP mailpair_renewal_run_seconds When the last run was",
        "# TYPE mailpair_renewal_run_seconds gauge",
        f"mailpair_renewal_run_seconds {now:.0f}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _gauge(name: str, description: str, values: Mapping[str, float]) -> list[str]:
    head = [f"# HELP mailpair_{name} {description}", f"# TYPE mailpair_{name} gauge"]
    return head + [f'mailpair_{name}{{name="{which}"}} {float(value):.0f}' for which, value in sorted(values.items())]
