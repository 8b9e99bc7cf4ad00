"""What connectors share: clients of one binding, each of which must belong to one of them, and words of their names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mailpair.settings.names import word
from mailpair.site.model import Binding, IpRange, ReceiveConnector, Site
from mailpair.site.problems import Problem, shown
from mailpair.site.rules.rule import Rule


def _told_apart(site: Site) -> Iterator[Problem]:
    """Of two ranges on one binding one lies in the other, which the smaller then wins, or they are apart."""
    enabled = [connector for connector in site.receive_connectors if connector.enabled]
    for first, second in combinations(enabled, 2):
        versions = {binding.address.version: binding for binding in reversed(_shared(first, second))}
        for index, mine in enumerate(second.remote_ip_ranges):
            binding = versions.get(mine.first.version)
            other = next((each for each in first.remote_ip_ranges if _unclear(each, mine)), None)
            if binding and other:
                path = f"receive_connectors[{second.name}].remote_ip_ranges[{index}]"
                rule = (
                    f"must tell its clients from those of receive_connectors[{first.name}], which is at {binding} too"
                )
                yield Problem(path, shown(str(mine)), rule, _remedy(other, mine))


def _shared(first: ReceiveConnector, second: ReceiveConnector) -> list[Binding]:
    return [
        *(binding for binding in first.bindings if binding in second.bindings),
        *(binding for binding in first.ssl_bindings if binding in second.ssl_bindings),
    ]


def _unclear(one: IpRange, other: IpRange) -> bool:
    if one == other:
        return True
    return one.overlaps(other) and one not in other and other not in one


def _remedy(other: IpRange, mine: IpRange) -> str:
    if other == mine:
        return "it has that range as well; give one of the two a smaller one, or another binding"
    return f"{other} there is neither apart from it nor around it nor in it"


def _words_of_their_own(site: Site) -> Iterator[Problem]:
    """A connector's services and lines of the log go by its name's letters and digits, in lower case."""
    groups = {
        "receive_connectors": [each.name for each in site.receive_connectors],
        "send_connectors": [each.name for each in site.send_connectors],
    }
    for group, names in groups.items():
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(word(name), name)
            if other != name:
                rule = f"must differ from {group}[{other}] in more than capitals, blanks and . _ - ( )"
                yield Problem(f"{group}[{name}]", shown(name), rule, "its log would be the other's; rename one of them")


RULES = (Rule(_told_apart), Rule(_words_of_their_own))
