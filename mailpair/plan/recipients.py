"""Who receives mail for which address, where it is kept, and who may send from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailpair.plan import accounts, places
from mailpair.site.model import Kind, Mailbox, Site

# A mailbox that nobody can open would swallow mail: its sender is told that there is no such recipient.
RECEIVING = (Kind.USER, Kind.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of one of Postfix's maps."""

    key: str
    value: str


def map_line(key: str, value: str) -> str:
    """The line of an entry in one of Postfix's maps, without its end (postmap(1), texthash)."""
    return f"{key} {value}"


def mailboxes(site: Site, fqdns: Mapping[str, str]) -> tuple[Entry, ...]:
    """Map the address of each mailbox that receives mail to the way to its back end.

    ``fqdns`` are the full names of back ends by server name; certificates are checked against them.
    """
    return tuple(
        Entry(mailbox.address, f"lmtp:[{fqdns[mailbox.server]}]:{places.LMTP_PORT}") for mailbox in _receiving(site)
    )


def aliases(site: Site) -> tuple[Entry, ...]:
    """Map further addresses to mailboxes.

    ``postmaster`` and ``abuse`` of each accepted domain reach every administrator's mailbox, unless another mailbox has
    them.
    """
    entries = [Entry(address, mailbox.address) for mailbox in _receiving(site) for address in mailbox.email_addresses]
    taken = {address for mailbox in site.mailboxes for address in (mailbox.address, *mailbox.email_addresses)}
    administrators = ", ".join(each.address for each in site.mailboxes if each.kind is Kind.ADMINISTRATOR)
    if administrators:
        entries.extend(Entry(address, administrators) for address in site.role_addresses if address not in taken)
    return tuple(entries)


def senders(site: Site) -> tuple[Entry, ...]:
    """Map each address that mail may be sent from to the login that it belongs to."""
    return tuple(
        Entry(address, mailbox.address)
        for mailbox in accounts.accounts(site, "smtp")
        for address in (mailbox.address, *mailbox.email_addresses)
    )


def _receiving(site: Site) -> Iterable[Mailbox]:
    return (mailbox for mailbox in site.mailboxes if mailbox.kind in RECEIVING)
