"""One mailbox: what its lines and entries are in the files that say who has one, and how they replace former ones.

A site's excerpt is enough for it: the mailbox, and whoever may have the addresses that every domain has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mailpair.plan import accounts, client_access, mailbox, portal, quota, receive_connector, recipients, role, welcome
from mailpair.plan.recipients import Entry
from mailpair.plan.tables import Table
from mailpair.publish.page import switches
from mailpair.servers import Server
from mailpair.site.model import Mailbox, Site

_KICK = ("doveadm", "kick")


@dataclass(frozen=True, slots=True)
class Lines:
    """What becomes of the lines of a text file, which are in the order of their owners.

    A line's owner is its first or its second word; ``separator`` is between the two. Lines of ``owner`` are replaced by
    ``lines``, and lines whose first word is one of ``loose`` by ``last``, which end the file.
    """

    owner: str
    separator: str
    owned_by: str  # first or second
    lines: tuple[str, ...]
    loose: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """What becomes of mappings in a JSON file, by their keys in it.

    Entries of ``without`` go, then those of ``given`` come.
    """

    without: dict[str, tuple[str, ...]]
    given: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class File:
    """A file that is there, and what becomes of it.

    ``tables`` are rows of an SQLite file, by table, that replace those of ``owners``; see the module accounts.
    """

    path: str
    lines: Lines | None = None
    entries: Entries | None = None
    tables: dict[str, Table] | None = None
    owners: tuple[str, ...] = ()
    in_place: bool = False
    group: str = "root"
    mode: str = "0644"


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and the files that tell it of the mailbox."""

    service: str
    files: tuple[File, ...]
    reload: bool = False
    kick: tuple[str, ...] = field(default=())


def back_end(site: Site, servers: Sequence[Server], server: Server, address: str) -> tuple[Service, ...]:
    """What a back end is told of a mailbox; nothing of one that is elsewhere, or nowhere."""
    planned = mailbox.plan(_alone(site, address), servers, server)
    lines = tuple(mailbox.account_line(account.address, account.fields) for account in planned.mailboxes)
    file = File(planned.mailboxes_file, Lines(address, ":", "first", lines), group="dovecot", mode="0640")
    return (Service("dovecot", (file,), kick=_KICK),)


def welcomed(site: Site, servers: Sequence[Server], server: Server, address: str) -> dict[str, Any] | None:
    """The message with which the mailbox begins on a back end, as the module welcome takes it; None: there is none."""
    alone = _alone(site, address)
    message = welcome.plan(alone, servers, server)
    if message is None:
        return None
    at = mailbox.plan(alone, servers, server)
    told: dict[str, Any] = role.plain(message)
    return {**told, "homes": at.mail, "socket": at.lmtp_socket, "only": address}


def front_end(
    site: Site, servers: Sequence[Server], server: Server, address: str, password_hash: Callable[[str], str]
) -> tuple[Service, ...]:
    """What a front end is told of a mailbox; nothing of one that is nowhere."""
    alone = _alone(site, address)
    access = client_access.plan(alone, servers, server)
    page = portal.plan(alone, servers, server)
    connectors = receive_connector.plan(alone, servers, server)
    stamps = Lines(address, ":", "first", tuple(accounts.stamps(alone, password_hash).splitlines()))
    taken = {each for other in site.mailboxes if other.address != address for each in _addresses(other)}
    loose = tuple(each for each in site.role_addresses if each not in taken)
    logins = accounts.logins(alone, password_hash, access.back_ends)
    known = File(
        access.accounts,
        tables={accounts.LOGINS: _of(logins, (address,))},
        owners=(address,),
        in_place=True,
        group="dovecot",
        mode="0640",
    )
    pages = (
        File(
            page.file,
            entries=Entries({"mailboxes": (address,)}, {"mailboxes": switches(alone)}),
            group=page.user,
            mode="0640",
        ),
        File(page.accounts, stamps, group=page.user, mode="0640"),
    )
    maps = (
        File(f"{connectors.folder}/aliases", _aliases(site, address, loose)),
        File(f"{connectors.folder}/mailboxes", Lines(address, " ", "first", _written(connectors.mailboxes))),
        File(f"{connectors.folder}/senders", Lines(address, " ", "second", _written(connectors.senders))),
        File(connectors.gate.accounts, stamps, group=connectors.gate.user, mode="0640"),
    )
    return (
        Service("dovecot", (known,), kick=_KICK),
        *([Service("mailpair-portal", pages)] if page.running else []),
        Service("mailpair-quota", (_quotas(site, servers, address),)),
        Service("postfix", maps, reload=True),
    )


def plain(services: Sequence[Service]) -> list[dict[str, Any]]:
    """The services as the module mailbox takes them."""
    told: list[dict[str, Any]] = role.plain(tuple(services))
    return told


def _alone(site: Site, address: str) -> Site:
    return replace(site, mailboxes=tuple(each for each in site.mailboxes if each.address == address))


def _addresses(mailbox: Mailbox) -> tuple[str, ...]:
    return (mailbox.address, *mailbox.email_addresses)


def _of(table: Table, owners: tuple[str, ...]) -> Table:
    at = table.columns.index(table.owner)
    return replace(table, rows=tuple(row for row in table.rows if row[at] in owners))


def _written(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(recipients.map_line(entry.key, entry.value) for entry in entries)


def _aliases(site: Site, address: str, loose: tuple[str, ...]) -> Lines:
    """Its own, and in the end those that administrators have, whichever mailboxes those are."""
    own = recipients.aliases(_alone(site, address))
    named = {each for other in site.mailboxes if other.address == address for each in other.email_addresses}
    last = tuple(entry for entry in recipients.aliases(site) if entry.key in loose and entry.key not in named)
    return Lines(address, " ", "second", _written([each for each in own if each.key in named]), loose, _written(last))


def _quotas(site: Site, servers: Sequence[Server], address: str) -> File:
    """Its own, and addresses of nobody in particular, which lead to administrators, whichever mailboxes those are."""
    planned = quota.plan(site, servers)
    owners = (address, "")
    return File(planned.file, tables={name: _of(each, owners) for name, each in planned.tables.items()}, owners=owners)
