"""A document in; a typed, frozen :class:`~mailpair.site.model.Site` out, or everything that is wrong with it."""

from __future__ import annotations

from mailpair.site.join import join
from mailpair.site.loading import MAILBOXES_FILE, SITE_FILE, Loaded, load, load_excerpt, load_written, stamps
from mailpair.site.model import Site
from mailpair.site.problems import Problem, SiteError

__all__ = [
    "MAILBOXES_FILE",
    "SITE_FILE",
    "Loaded",
    "Problem",
    "Site",
    "SiteError",
    "join",
    "load",
    "load_excerpt",
    "load_written",
    "stamps",
]
