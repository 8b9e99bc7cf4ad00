"""The names by which browsers and mail programs come to front ends over HTTPS: their makers have fixed most of them."""

from __future__ import annotations

from mailpair.site.model import Site

AUTOCONFIG = "autoconfig"  # Thunderbird and others
AUTODISCOVER = "autodiscover"  # Outlook
PACC = "ua-auto-config"  # draft-ietf-mailmaint-pacc


def discovery_names(domain: str) -> tuple[str, ...]:
    """The hosts that programs ask about addresses of a domain; the domain itself is the last."""
    return (*(f"{label}.{domain}" for label in (AUTOCONFIG, AUTODISCOVER, PACC)), domain)


def web_names(site: Site) -> tuple[str, ...]:
    """All of them, the page's first; none while nothing is published."""
    if not site.web_site.enabled:
        return ()
    found = [name for domain in site.accepted_domains for name in discovery_names(domain)]
    return (site.web_site.host_name, *found)
