"""The web site: a name of its own for the page."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule
from mailpair.site.web_names import discovery_names


def _a_name_of_its_own(site: Site) -> Iterator[Problem]:
    """Mail programs get their settings under the others, and a browser would find nothing there."""
    taken = {name for domain in site.accepted_domains for name in discovery_names(domain)}
    if site.web_site.host_name in taken:
        yield Problem(
            "web_site.host_name",
            shown(site.web_site.host_name),
            "must not be a name at which mail programs look for their settings",
            f"take another, such as mail.{site.domain}",
        )


RULES = (Rule(_a_name_of_its_own, frozenset({"accepted_domains", "web_site"})),)
