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
class Watched:
    """A mailbox as front ends know it.

    ``host`` is its back end. ``send`` and ``receive`` are the sizes of the messages, in bytes, that no longer fit once
    its owner may not send, or it takes no more mail; None: there is no such limit.
    """

    host: str
    send: int | None
    receive: int | None


@dataclass(frozen=True, slots=True)
class Gate:
    """What the milter of a front end knows of mailboxes, and of the addresses that lead to them."""

    mailboxes: dict[str, Watched]
    aliases: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class GatePlan:
    """Values of the role quota_gate."""

    gate: Gate
    packages: tuple[str, ...] = ("python3",)
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[()] = ()
    port: int = places.QUOTA_PORT  # of back ends
    file: str = "/etc/mailpair/quotas.json"
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


def gate(site: Site, back_ends: Mapping[str, str]) -> Gate:
    """What a front end's milter knows; ``back_ends`` are full names by server name."""
    watched = {
        mailbox.address: _watched(mailbox, back_ends[mailbox.server], grace(site))
        for mailbox in site.mailboxes
        if mailbox.kind in RECEIVING
    }
    limited = {address: each for address, each in watched.items() if (each.send, each.receive) != (None, None)}
    aliases = {entry.key: tuple(entry.value.split(", ")) for entry in recipients.aliases(site)}
    return Gate(limited, {address: targets for address, targets in aliases.items() if {*targets} & limited.keys()})


def _watched(mailbox: Mailbox, host: str, grace_of_all: int) -> Watched:
    room = _bytes(mailbox.prohibit_send_receive_quota) + grace_of_all
    send = mailbox.prohibit_send_quota if mailbox.kind is Kind.USER else None
    receive = mailbox.prohibit_send_receive_quota
    return Watched(
        host=host,
        send=None if send is None else room - send + 1,
        receive=None if receive is None else room - receive + 1,
    )


def _bytes(size: int | None) -> int:
    return NO_LIMIT if size is None else size
