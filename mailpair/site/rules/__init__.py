"""What must hold across settings. A rule sees a Site and yields problems; it knows no notation and no YAML."""

from __future__ import annotations

from collections.abc import Iterator, Set

from mailpair.site.model import Site
from mailpair.site.problems import Problem
from mailpair.site.rules import (
    authentication,
    backup,
    certificates,
    mailboxes,
    protocols,
    quotas,
    receiving,
    sending,
    sending_security,
    sessions,
    sharing,
    signing,
    virtual_address,
    web_site,
)
from mailpair.site.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *protocols.RULES,
    *sessions.RULES,
    *certificates.RULES,
    *receiving.RULES,
    *authentication.RULES,
    *sharing.RULES,
    *sending.RULES,
    *sending_security.RULES,
    *signing.RULES,
    *web_site.RULES,
    *mailboxes.RULES,
    *quotas.RULES,
    *backup.RULES,
    *virtual_address.RULES,
)


def problems(site: Site, incomplete: Set[str]) -> Iterator[Problem]:
    """Applies all rules, except those that would complain of a lack in a setting that is ``incomplete``."""
    for rule in RULES:
        if not rule.needs & incomplete:
            yield from rule.find(site)
