"""Backups: there is a place for them."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import Site
from mailpair.site.problems import Problem
from mailpair.site.rules.rule import Rule


def _somewhere(site: Site) -> Iterator[Problem]:
    if site.backup.enabled and site.backup.repository is None:
        yield Problem(
            "backup.repository",
            "missing",
            "must be given while backup.enabled is true",
            "add repository, a folder or sftp:USER@SERVER:FOLDER",
        )


RULES = (Rule(_somewhere, frozenset({"backup"})),)
