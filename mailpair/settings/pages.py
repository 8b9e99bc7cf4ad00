"""The files that are made from the records, and by what."""

from __future__ import annotations

from collections.abc import Callable

from mailpair.settings.describe import describe
from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.json_schema import json_schema
from mailpair.settings.parity import parity

PAGES: dict[str, Callable[[], str]] = {
    "docs/site-document.md": lambda: describe((SITE, MAILBOXES)),
    "docs/exchange-parity.md": lambda: parity((SITE, MAILBOXES)),
    "schemas/site.json": lambda: json_schema(SITE),
    "schemas/mailboxes.json": lambda: json_schema(MAILBOXES),
}
"""Paths in a checkout, and what makes the text of each."""
