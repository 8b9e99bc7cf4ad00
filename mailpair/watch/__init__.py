"""What was seen of a site's certificates in, what is right and wrong about them out."""

from mailpair.watch.report import Host, Report, report

__all__ = ["Host", "Report", "report"]
