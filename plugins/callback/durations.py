# Copyright (c) 2026, the mailpair authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a playbook took, and where the time went."""

from __future__ import annotations

DOCUMENTATION = r"""
name: durations
author:
  - the mailpair authors
type: aggregate
short_description: Says how long a playbook took and which tasks took most of it
version_added: 0.1.0
description:
  - Prints one line for the whole playbook and one for each of its slowest tasks when it ends.
  - A task's time runs until the next one starts, so it covers all hosts.
requirements:
  - Enabled with the setting C(callbacks_enabled).
options:
  slowest:
    description: How many tasks to show.
    type: int
    default: 3
    env:
      - name: MAILPAIR_SLOWEST_TASKS
    ini:
      - section: callback_mailpair_durations
        key: slowest
"""

import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class Durations:
    """Times of tasks that run one after the other."""

    def __init__(self) -> None:
        """Starts with the first task."""
        self.tasks: list[tuple[str, float]] = []
        self._running: tuple[str, float] | None = None
        self._begun: float | None = None

    def start(self, name: str, now: float) -> None:
        """A task starts at ``now``, in seconds of any clock, and the one before it ends."""
        self.end(now)
        self._begun = now if self._begun is None else self._begun
        self._running = (name, now)

    def end(self, now: float) -> None:
        """The running task, if any, ends at ``now``."""
        if self._running:
            name, begun = self._running
            self.tasks.append((name, now - begun))
            self._running = None

    def summary(self, slowest: int, now: float) -> list[str]:
        """The lines to print; the slowest tasks come first."""
        if self._begun is None:
            return []
        ranked = sorted(self.tasks, key=lambda task: -task[1])[:slowest]
        return [f"Took {now - self._begun:.1f} s", *(f"{seconds:8.1f} s  {name}" for name, seconds in ranked)]


class CallbackModule(CallbackBase):
    """Feeds Ansible's events to :class:`Durations`."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mailpair.mail.durations"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Made once a run."""
        super().__init__()
        self._durations = Durations()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        """A task starts on its first host."""
        self._durations.start(task.get_name(), time.monotonic())

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler starts on its first host."""
        self._durations.start(task.get_name(), time.monotonic())

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        """The playbook ends."""
        now = time.monotonic()
        self._durations.end(now)
        for line in self._durations.summary(self.get_option("slowest"), now):
            self._display.display(line)
