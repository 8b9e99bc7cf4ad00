"""Figures that a host keeps for Prometheus: Dovecot's own, the node exporter's, and what a text file adds to these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from mailpair.plan import places
from mailpair.plan.role import ConnectionLimit
from mailpair.servers import Role, Server
from mailpair.settings import ports
from mailpair.site.model import Site

# Debian's exporter: of the host its load, memory, disks and units, and the text files in its folder.
PACKAGES = ("prometheus-node-exporter",)

# Dovecot's metrics by name, and the events that each counts; there are none by user or address.
_SIGN_INS = "event=auth_request_finished"
FRONT_END = (
    ("sign_ins", f"{_SIGN_INS} AND success=yes"),
    ("sign_ins_refused", f"{_SIGN_INS} AND NOT success=yes"),
    ("proxied", "event=proxy_session_established"),
    ("proxied_ended", "event=proxy_session_finished"),
)
# A session in IDLE leaves its process and comes back, which ends one process's IDLE and begins another's.
BACK_END = (
    ("imap_commands", "event=imap_command_finished AND NOT (cmd_name=unknown AND cmd_input_name=IDLE)"),
    ("pop3_commands", "event=pop3_command_finished"),
    ("deliveries", "event=mail_delivery_finished"),
)


@dataclass(frozen=True, slots=True)
class MetricsPlan:
    """Values of the role metrics; ``readers`` are addresses and ranges in nftables' words."""

    enabled: bool
    packages: tuple[str, ...]
    readers: tuple[str, ...]
    ports: tuple[int, ...]
    exporter_port: int
    queue: bool  # whether there is a queue of Postfix to tell of
    queue_file: str = str(PurePosixPath(places.METRICS).with_name("mailpair_queue.prom"))
    folder: str = str(PurePosixPath(places.METRICS).parent)
    programs: str = places.PROGRAMS_DIRECTORY
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, server: Server) -> MetricsPlan:
    """Plan a host's figures; where nobody reads them there are none."""
    readers = tuple(str(each) for each in site.metrics.remote_ip_ranges)
    enabled = bool(readers)
    return MetricsPlan(
        enabled=enabled,
        packages=PACKAGES if enabled else (),
        readers=readers,
        ports=(ports.HOST_METRICS, ports.DOVECOT_METRICS),
        exporter_port=ports.HOST_METRICS,
        queue=enabled and server.role is Role.CLIENT_ACCESS,
    )


def dovecot_port(site: Site) -> int | None:
    """Where Dovecot tells its figures; None: nowhere."""
    return ports.DOVECOT_METRICS if site.metrics.remote_ip_ranges else None
