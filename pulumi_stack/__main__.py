"""What ``pulumi up`` runs."""

from __future__ import annotations

from pulumi_stack.program import run

run()
