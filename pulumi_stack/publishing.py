"""Which of a site's records a stack publishes, and in which order; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.publish.dns import records
from mailpair.publish.record_sets import ADDRESS_TYPES, RecordSet, left_out_problems, record_sets, without
from mailpair.servers import Server
from mailpair.site import Site
from pulumi_stack.dns_config import DnsConfig
from pulumi_stack.errors import Problem


@dataclass(frozen=True, slots=True)
class Publishing:
    """What is published before a playbook runs, and what after it.

    A CA looks for hosts by their addresses while it does; services are what it makes. ``outside`` is not in the zone.
    """

    addresses: tuple[RecordSet, ...]
    services: tuple[RecordSet, ...]
    outside: tuple[RecordSet, ...]


def publishing(dns: DnsConfig | None, site: Site, servers: Sequence[Server]) -> Publishing:
    """What is published of a site; nothing without a configuration."""
    if dns is None:
        return Publishing((), (), ())
    wanted = without(record_sets(records(site, servers)), dns.leave_out)
    inside = [each for each in wanted if _is_in(each, dns)]
    return Publishing(
        addresses=tuple(each for each in inside if each.type in ADDRESS_TYPES),
        services=tuple(each for each in inside if each.type not in ADDRESS_TYPES),
        outside=tuple(each for each in wanted if not _is_in(each, dns)),
    )


def publishing_problems(dns: DnsConfig, site: Site, servers: Sequence[Server]) -> list[Problem]:
    """A zone that has nothing of the site, and what is left out and is not there."""
    all_sets = record_sets(records(site, servers))
    problems = left_out_problems("dns.leave_out", all_sets, dns.leave_out)
    if not any(_is_in(each, dns) for each in all_sets):
        rule = f"must be a zone that names of the site are in, such as {site.domain}"
        problems.append(Problem("dns.zone", repr(dns.zone), rule))
    return problems


def _is_in(wanted: RecordSet, dns: DnsConfig) -> bool:
    return f".{wanted.name}".endswith(f".{dns.zone}.")
