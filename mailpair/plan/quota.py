"""How large mailboxes may grow, in Dovecot's words, and what a front end asks a back end about it.

A back end answers one question, in the words of a policy service: does a message of so many bytes fit? Dovecot lets
storage grow by a grace beyond its limit, so that the message that reaches the limit still fits. A message that would
fill what is left below limit and grace tells how large the mailbox is: that is what front ends ask with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailpair.plan import places, recipients
from mailpair.plan.recipients import RECEIVING
from mailpair.plan.tables import Table
from mailpair.servers import Role, Server
from mailpair.settings.values import Kind
from mailpair.site.model import Mailbox, Site

# Stands for unlimited where a number is needed: no mailbox and no setting comes near it.
NO_LIMIT = 1 << 50
# The smallest that a message may be limited to; a grace of the largest message is never below it.
_LEAST_GRACE = 64 * 1024

SOCKET = "/run/mailpair-quota.sock"
# Mail passes while the milter is away: back ends hold to their limits by themselves.
MILTER = f"{{ unix:{SOCKET}, connect_timeout=2s, command_timeout=8s, default_action=accept }}"


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """What a back end has for mailboxes without quotas of their own; bytes."""

    size: int
    grace: int
    warning: int
    port: int = places.QUOTA_PORT
    socket: str = "/run/dovecot/quota-status"
    program: str = "/usr/local/lib/mailpair/quota_warning"


@dataclass(frozen=True, slots=True)
class GatePlan:
    """Values of the role quota_gate."""

    tables: dict[str, Table]  # what the milter knows
    packages: tuple[str, ...] = ("python3",)
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    port: int = places.QUOTA_PORT  # of back ends
    file: str = "/etc/mailpair/quotas.db"
    former: str = "/etc/mailpair/quotas.json"
    socket: str = SOCKET
    tls_files: tuple[str, ...] = (places.PEER_CERTIFICATE, places.PEER_KEY)  # a change is loaded
    ca: str = places.PEERS_FILE
    certificate: str = places.PEER_CERTIFICATE
    key: str = places.PEER_KEY


def back_end(site: Site) -> QuotaPlan:
    """Plan a back end's quotas."""
    database = site.mailbox_database
    return QuotaPlan(
        size=_bytes(database.prohibit_send_receive_quota),
        grace=grace(site),
        warning=_bytes(database.issue_warning_quota),
    )


def grace(site: Site) -> int:
    """By how much a mailbox may outgrow its limit: the largest message that any connector takes, in bytes."""
    return max((each.max_message_size for each in site.receive_connectors if each.enabled), default=_LEAST_GRACE)


def fields(mailbox: Mailbox) -> Iterator[tuple[str, str]]:
    """What Dovecot is told of a mailbox with quotas of its own, even where they are as large as the database's.

    A mailbox's sessions end when this changes, so a change of the database's quotas must not show in it.
    """
    if not mailbox.use_database_quota_defaults:
        yield "userdb_quota_storage_size", str(_bytes(mailbox.prohibit_send_receive_quota))
        yield "userdb_quota/Mailbox/quota_warning/warn/quota_storage_size", str(_bytes(mailbox.issue_warning_quota))


def plan(site: Site, servers: Sequence[Server]) -> GatePlan:
    """Plan the milter of a front end."""
    back_ends = {each.name: each.fqdn for each in servers if each.role is Role.MAILBOX}
    return GatePlan(gate(site, back_ends))


def gate(site: Site, back_ends: Mapping[str, str]) -> dict[str, Table]:
    """What a front end's milter knows of mailboxes, and of the addresses that lead to them, by the names of tables.

    ``back_ends`` are full names by server name. ``send`` and ``receive`` are the sizes of the messages, in bytes, that
    no longer fit once the mailbox's owner may not send, or it takes no more mail; None: there is no such limit.
    Mailboxes without limits are not there, nor are addresses that lead to none but these. ``mailboxes`` of an address
    are parted by spaces, and it has no owner where it is whichever administrator's.
    """
    watched = [(mailbox, *_sizes(mailbox, grace(site))) for mailbox in site.mailboxes if mailbox.kind in RECEIVING]
    limited = {
        mailbox.address: (mailbox.address, back_ends[mailbox.server], send, receive)
        for mailbox, send, receive in watched
        if (send, receive) != (None, None)
    }
    named = {address for mailbox in site.mailboxes for address in mailbox.email_addresses}
    aliases = tuple(
        (entry.key, " ".join(targets), entry.value if entry.key in named else "")
        for entry in recipients.aliases(site)
        if {*(targets := entry.value.split(", "))} & limited.keys()
    )
    return {
        "mailboxes": Table(("address", "host", "send", "receive"), ("address",), "address", tuple(limited.values())),
        "aliases": Table(("address", "mailboxes", "owner"), ("address",), "owner", aliases),
    }


def _sizes(mailbox: Mailbox, grace_of_all: int) -> tuple[int | None, int | None]:
    """The sizes with which a back end is asked whether the mailbox may send, and receive."""
    room = _bytes(mailbox.prohibit_send_receive_quota) + grace_of_all
    send = mailbox.prohibit_send_quota if mailbox.kind is Kind.USER else None
    receive = mailbox.prohibit_send_receive_quota
    return (None if send is None else room - send + 1, None if receive is None else room - receive + 1)


def _bytes(size: int | None) -> int:
    return NO_LIMIT if size is None else size
