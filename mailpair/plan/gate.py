"""What the milter of receive connectors is told: limits that Postfix lacks, and of whom a log is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import smtp_service
from mailpair.settings.texts import RECEIVE_LOG
from mailpair.site.model import MessageRateSource, ProtocolLoggingLevel, ReceiveConnector

SOCKET = "/run/mailpair-smtp-gate.sock"
# Mail passes while the milter is away; its socket is systemd's, so that is not for longer than it takes to start.
MILTER = f"{{ unix:{SOCKET}, connect_timeout=5s, command_timeout=10s, default_action=accept }}"

_ALL = 100  # per cent


@dataclass(frozen=True, slots=True)
class Gated:
    """A connector as the milter knows it; None: there is no such limit.

    ``places`` is how many connections it has in all, and one address may have ``percentage`` of those that are free;
    ``rate`` is how many messages a minute one user may send.
    """

    places: int | None
    percentage: int
    rate: int | None
    log: bool


@dataclass(frozen=True, slots=True)
class GatePlan:
    """Values for the milter and its unit."""

    connectors: dict[str, Gated]
    user: str = "mailpair-smtp-gate"
    file: str = "/etc/mailpair/smtp-gate.json"
    accounts: str = "/etc/mailpair/smtp-gate.accounts"
    socket: str = SOCKET
    log_folder: str = RECEIVE_LOG


def plan(connectors: Sequence[ReceiveConnector]) -> GatePlan:
    """Plan the milter for connectors that are enabled."""
    return GatePlan({each.name: _gated(each) for each in connectors})


def _gated(connector: ReceiveConnector) -> Gated:
    limited = connector.max_inbound_connection_percentage_per_source < _ALL
    return Gated(
        places=connector.max_inbound_connection if limited else None,
        percentage=connector.max_inbound_connection_percentage_per_source,
        rate=connector.message_rate_limit if smtp_service.counts_by(connector, MessageRateSource.USER) else None,
        log=connector.protocol_logging_level is ProtocolLoggingLevel.VERBOSE,
    )
