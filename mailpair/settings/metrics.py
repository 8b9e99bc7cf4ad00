"""Who may read the figures that servers keep for Prometheus."""

from __future__ import annotations

from mailpair.settings.endpoints import IP_RANGE
from mailpair.settings.notation import ListOf
from mailpair.settings.record import Answer, Group, Parameter

METRICS = Group(
    "metrics",
    "Figures for Prometheus, from every server. See docs/metrics.md.",
    (
        Parameter(
            name="remote_ip_ranges",
            notation=ListOf(IP_RANGE),
            default=[],
            answer=Answer.OURS,
            source="none; performance counters of Windows",
            text=(
                "Who may read them, without a password: the addresses of Prometheus. Where there is nobody, servers "
                "keep no figures and nothing listens."
            ),
            test="tests/e2e/test_metrics.py::test_prometheus_reads_all_servers_and_nobody_else_does",
            how="Dovecot's stats at port 9900 and prometheus-node-exporter at 9100, behind nftables",
        ),
    ),
)
