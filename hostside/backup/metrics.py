"""When the last backup was taken, in the form of Prometheus' node exporter's text files."""

from __future__ import annotations

import re
from pathlib import Path

_TAKEN = "mailpair_backup_taken_seconds"


def write(path: Path, *, taken: float | None, interval: int) -> None:
    """Replace the file; ``taken`` is when a good backup began, None where the last run took none."""
    before = re.search(rf"^{_TAKEN} (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.exists() else None
    lines = [
        "# HELP mailpair_backup_success Whether the last run took a backup",
        "# TYPE mailpair_backup_success gauge",
        f"mailpair_backup_success {int(taken is not None)}",
        "# HELP mailpair_backup_interval_seconds The time from one backup to the next that is asked for",
        "# TYPE mailpair_backup_interval_seconds gauge",
        f"mailpair_backup_interval_seconds {interval}",
        f"# HELP {_TAKEN} When the last backup began",
        f"# TYPE {_TAKEN} gauge",
    ]
    if taken is not None or before:
        lines.append(f"{_TAKEN} {taken:.0f}" if taken is not None else f"{_TAKEN} {before[1]}" if before else "")
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    fresh.replace(path)
