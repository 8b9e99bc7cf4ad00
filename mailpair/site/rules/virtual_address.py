"""A virtual address: whatever listens does so at it as well."""

from __future__ import annotations

from collections.abc import Iterator

from mailpair.site.model import Binding, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.protocols import all_bound
from mailpair.site.rules.rule import Rule


def _answered(site: Site) -> Iterator[Problem]:
    """A service at one address of a host is not at the address that moves, or can't start where that one is not."""
    if site.virtual_address is None:
        return
    told: set[str] = set()
    for server in (None, *(each.name for each in site.servers)):
        for each in all_bound(site, server):
            if each.path not in told and _is_elsewhere(each.binding):
                told.add(each.path)
                rule = "must be at all IPv4 addresses while virtual_address is given, which moves from host to host"
                yield Problem(each.path, shown(str(each.binding)), rule, f"write 0.0.0.0:{each.binding.port}")


def _is_elsewhere(binding: Binding) -> bool:
    address = binding.address
    return address.version == 4 and not (address.is_unspecified or address.is_loopback)


RULES = (Rule(_answered),)
