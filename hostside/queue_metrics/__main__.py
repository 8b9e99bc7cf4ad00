"""``python3 -m queue_metrics FILE`` writes how many messages each queue of Postfix holds, and for how long.

Of senders and recipients it tells nothing. A queue that is empty is told of as well, so that a figure never vanishes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")  # as postqueue(1) names them


def main(path: Path) -> None:
    """Write the file in one step."""
    listed = subprocess.run(["/usr/sbin/postqueue", "-j"], check=True, capture_output=True, text=True).stdout
    new = path.with_name(f"{path.name}.new")  # the exporter reads files that end in .prom
    new.write_text(text(listed.splitlines(), time.time()), encoding="ascii")
    new.replace(path)


def text(lines: Iterable[str], now: float) -> str:
    """The file's text from what postqueue says, a message in JSON a line; times are seconds."""
    messages = dict.fromkeys(QUEUES, 0)
    oldest = dict.fromkeys(QUEUES, 0.0)
    for line in lines:
        message = json.loads(line)
        name = message["queue_name"]
        messages[name] = messages.get(name, 0) + 1
        oldest[name] = max(oldest.get(name, 0.0), now - message["arrival_time"])
    told = [
        *_gauge("messages", "Messages in a queue of Postfix", messages),
        *_gauge("oldest_seconds", "How long the oldest of them has been there", oldest),
    ]
    return "".join(f"{line}\n" for line in told)


def _gauge(name: str, description: str, values: dict[str, int] | dict[str, float]) -> list[str]:
    head = [f"# HELP mailpair_queue_{name} {description}", f"# TYPE mailpair_queue_{name} gauge"]
    return head + [f'mailpair_queue_{name}{{queue="{queue}"}} {value:.0f}' for queue, value in values.items()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
