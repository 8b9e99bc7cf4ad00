"""What was seen of a site's hosts and their certificates in, what is right and wrong about them out."""

from mailpair.watch.health import Health, health
from mailpair.watch.report import Host, Report, report

__all__ = ["Health", "Host", "Report", "health", "report"]
