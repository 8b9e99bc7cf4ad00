"""Quotas: a warning before nothing is sent, and that before nothing is taken in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mailpair.settings.quantities import format_size
from mailpair.site.model import Kind, Mailbox, MailboxDatabase, Site
from mailpair.site.problems import Problem
from mailpair.site.rules.rule import Rule

_NAMES = ("issue_warning_quota", "prohibit_send_quota", "prohibit_send_receive_quota")
_NOBODY = frozenset({Kind.ANONYMOUS, Kind.GUEST})


def _in_order(site: Site) -> Iterator[Problem]:
    yield from _ordered("mailbox_database", site.mailbox_database)
    for mailbox in site.mailboxes:
        if not mailbox.use_database_quota_defaults:
            yield from _ordered(f"mailboxes[{mailbox.address}]", mailbox)


def _ordered(path: str, quotas: MailboxDatabase | Mailbox) -> Iterator[Problem]:
    """One that is unlimited is not there to be in an order."""
    limits = [(name, size) for name in _NAMES if (size := getattr(quotas, name)) is not None]
    for (lower, less), (upper, more) in pairwise(limits):
        if less > more:
            rule = f"must not be above {upper}, which is {format_size(more)}"
            yield Problem(f"{path}.{lower}", format_size(less), rule, f"lower it, or raise {upper}")


def _for_somebody(site: Site) -> Iterator[Problem]:
    for mailbox in site.mailboxes:
        if mailbox.kind in _NOBODY and not mailbox.use_database_quota_defaults:
            yield Problem(
                f"mailboxes[{mailbox.address}].use_database_quota_defaults",
                "false",
                f"must be true for kind {mailbox.kind.value}",
                "remove it; no mail comes into this mailbox",
            )


RULES = (
    Rule(_in_order, frozenset({"mailbox_database"})),
    Rule(_for_somebody),
)
