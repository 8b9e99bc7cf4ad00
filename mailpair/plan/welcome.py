"""The message that new mailboxes of a back end begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailpair.plan import places
from mailpair.publish.welcome import Welcome, welcome
from mailpair.servers import Server
from mailpair.site.model import Mailbox, Site

ADDRESS = "%ADDRESS%"  # stands for the mailbox's address in texts


@dataclass(frozen=True, slots=True)
class WelcomePlan:
    """What a back end is told: few texts, since what they say of the mailbox is its address and what is on for it."""

    sender: str
    texts: tuple[Welcome, ...]
    mailboxes: dict[str, int]  # addresses, each with the place of its text; nobody to whom there is nothing to say
    folder: str = places.WELCOME  # of notes: who is still to get it


def plan(site: Site, servers: Sequence[Server], server: Server) -> WelcomePlan | None:
    """Plan a back end; None: new mailboxes are empty."""
    if not site.welcome_message.enabled:
        return None
    made: dict[tuple[object, ...], Welcome | None] = {}
    texts: dict[Welcome, int] = {}
    mailboxes: dict[str, int] = {}
    for mailbox in site.mailboxes:
        if mailbox.server != server.name:
            continue
        alike = _alike(mailbox)
        if alike not in made:
            made[alike] = welcome(site, servers, replace(mailbox, address=ADDRESS))
        if text := made[alike]:
            mailboxes[mailbox.address] = texts.setdefault(text, len(texts))
    return WelcomePlan(f"postmaster@{site.domain}", tuple(texts), mailboxes)


def _alike(mailbox: Mailbox) -> tuple[object, ...]:
    """What the text depends on; mailboxes for which it is the same share one."""
    return (
        mailbox.kind,
        mailbox.account_disabled,
        mailbox.pop_enabled,
        mailbox.imap_enabled,
        mailbox.imap_force_ical_for_calendar_retrieval_option,
    )
