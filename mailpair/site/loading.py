"""The way from a folder to a Site, or to everything that is wrong with its two documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.record import Group
from mailpair.site import document, rules, schema
from mailpair.site.build import build
from mailpair.site.excerpt import excerpt
from mailpair.site.model import Kind, Site, role_addresses_of
from mailpair.site.problems import SiteError
from mailpair.site.written import written

SITE_FILE = "site.yml"
MAILBOXES_FILE = "mailboxes.yml"

_MAILBOXES = "mailboxes"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site, and all of its settings as text by their paths, for comparing it with what it was."""

    site: Site
    settings: dict[str, str]


def load(site_dir: Path) -> Site:
    """Reads ``site.yml`` and ``mailboxes.yml`` in a site's folder.

    Raises :class:`SiteError` with all problems of both. Nothing but the two files is read, and nothing is written.
    """
    return _load(site_dir)[0]


def load_written(site_dir: Path) -> Loaded:
    """Reads a site as :func:`load` does, and keeps how its settings are written."""
    site, values, mailboxes = _load(site_dir)
    return Loaded(site, written(SITE, values) | written(MAILBOXES, mailboxes))


def load_excerpt(site_dir: Path, address: str) -> Loaded:
    """Reads ``site.yml`` and, of ``mailboxes.yml``, what has to do with one mailbox; ``address`` in lower case.

    The site has that mailbox, if it is in the document, and those that have one of its addresses or may stand for
    postmaster and abuse: what is wrong about the mailbox is found, in the words of :func:`load`, and nothing that is
    wrong about others. A directory of 100,000 is searched in a fraction of a second, not read in many.
    """
    loaded, values, mailboxes = _load(site_dir, address)
    return Loaded(loaded, written(SITE, values) | written(MAILBOXES, mailboxes))


def stamps(site_dir: Path) -> list[list[int]]:
    """What differs once one of the documents was written again: of each its size, its time in nanoseconds, its inode.

    Raises OSError where one can't be looked at.
    """
    found = [(site_dir / name).stat() for name in (SITE_FILE, MAILBOXES_FILE)]
    return [[each.st_size, each.st_mtime_ns, each.st_ino] for each in found]


def _load(site_dir: Path, address: str | None = None) -> tuple[Site, dict[str, Any], dict[str, Any]]:
    """The site, and the values of both documents; with an address, of an excerpt."""
    site, site_problems = document.read(site_dir / SITE_FILE, SITE.name)
    checked = schema.check(SITE, site or {})
    narrow = _narrow(address, checked.values) if address else None
    mailboxes, mailbox_problems = document.read(site_dir / MAILBOXES_FILE, MAILBOXES.name, narrow)
    accounts = schema.check(MAILBOXES, {_MAILBOXES: mailboxes or {}})
    incomplete = set(checked.incomplete | accounts.incomplete)
    problems = [*site_problems, *mailbox_problems]
    # A document that could not be read lacks everything, and there is nothing to say about what it has.
    if site is None:
        incomplete |= _names(SITE)
    else:
        problems += checked.problems
    if mailboxes is None:
        incomplete |= _names(MAILBOXES)
    else:
        problems += accounts.problems
    loaded = build(checked.values, accounts.values[_MAILBOXES])
    problems += rules.problems(loaded, incomplete)
    if problems:
        raise SiteError(problems)
    return loaded, checked.values, accounts.values


def _narrow(address: str, site: dict[str, Any]) -> Callable[[str], str]:
    """What makes the excerpt: the addresses that every domain must have are somebody's, maybe an administrator's."""
    role_addresses = role_addresses_of(site.get("accepted_domains", ()))
    return lambda text: excerpt(text, MAILBOXES.name, address, (*role_addresses, Kind.ADMINISTRATOR.value))


def _names(group: Group) -> set[str]:
    return {each.name for each in group.members}
