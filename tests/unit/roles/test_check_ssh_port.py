"""The check of the role base that keeps administrators from locking themselves out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "roles/base/files/check-ssh-port"
DIRECT = '0 0 192.0.2.11:22 198.51.100.7:51022 users:(("sshd-session",pid=77,fd=4),("sshd-session",pid=71,fd=4))'
SIXTH = '0 0 [2001:db8::11]:2200 [2001:db8::7]:51022 users:(("sshd",pid=77,fd=4))'
MAIL = '0 0 192.0.2.11:993 198.51.100.7:51023 users:(("imap-login",pid=90,fd=9))'
# What ss prints where it is asked for one state: no column for it.
SESSIONS = {"none": [], "mail": [MAIL], "direct": [DIRECT, MAIL], "sixth": [SIXTH], "both": [SIXTH, DIRECT]}


@pytest.mark.parametrize(
    ("sessions", "port", "told"),
    [
        ("none", 22, ""),
        ("mail", 22, ""),
        ("direct", 22, ""),
        ("sixth", 2200, ""),
        ("both", 22, ""),
        ("direct", 2222, "port 2222 would stay open for SSH, which is reached here at port 22; set base_ssh_port\n"),
        ("sixth", 22, "port 22 would stay open for SSH, which is reached here at port 2200; set base_ssh_port\n"),
    ],
)
def test_a_port_that_ssh_is_not_reached_at_is_refused(tmp_path: Path, sessions: str, port: int, told: str) -> None:
    lines = "".join(f"{line}\n" for line in SESSIONS[sessions])
    (tmp_path / "ss").write_text(f"#!/bin/sh\ncat <<'END'\n{lines}END\n")
    (tmp_path / "ss").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", SCRIPT.read_text(), "sh", str(port)],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1 if told else 0, told)
