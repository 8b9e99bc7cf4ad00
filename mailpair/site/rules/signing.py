"""DKIM: signatures are for the site's own domains."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule


def _own_domains(site: Site) -> Iterator[Problem]:
    for config in site.dkim_signing_configs:
        if config.domain not in site.accepted_domains:
            yield Problem(
                f"dkim_signing_configs[{config.domain}]",
                shown(config.domain),
                "must be an accepted domain",
                f"those are {', '.join(site.accepted_domains)}",
            )


RULES = (Rule(_own_domains, frozenset({"accepted_domains"})),)
