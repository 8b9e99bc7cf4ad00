"""Where a site document and the servers it is to run on must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mailpair.servers import Role, Server
from mailpair.site.model import Site
from mailpair.site.problems import Problem, SiteError, shown


def join(site: Site, servers: Sequence[Server]) -> None:
    """Checks that the servers can be those of the site.

    ``servers`` are all servers of the site. Every server that the site names must exist and have the role it is named
    for, and no two servers may share a name, a full name or an address. Raises :class:`SiteError` with all problems.
    """
    problems = [*_each_once(servers), *_somewhere_to_go(servers), *_known(site, servers)]
    if problems:
        raise SiteError(problems)


def _known(site: Site, servers: Sequence[Server]) -> Iterator[Problem]:
    backs = _names(servers, Role.MAILBOX)
    fronts = _names(servers, Role.CLIENT_ACCESS)
    for mailbox in site.mailboxes:
        if mailbox.server not in backs:
            place = f"mailboxes[{mailbox.address}].server"
            yield Problem(place, shown(mailbox.server), "must be a mailbox server", _there_are(Role.MAILBOX, backs))
    for server in site.servers:
        if server.name not in fronts:
            yield Problem(
                f"servers[{server.name}]",
                shown(server.name),
                "must be a client access server",
                _there_are(Role.CLIENT_ACCESS, fronts),
            )


def _there_are(role: Role, names: Sequence[str]) -> str:
    return f"the inventory's group {role.value} has {', '.join(names) or 'none'}"


def _somewhere_to_go(servers: Sequence[Server]) -> Iterator[Problem]:
    for role in Role:
        if not _names(servers, role):
            yield Problem("inventory", f"group {role.value}", "must have one server at least", "add it")


def _each_once(servers: Sequence[Server]) -> Iterator[Problem]:
    yield from _repeated("a name", ((server.name, server) for server in servers))
    yield from _repeated("a full name", ((server.fqdn.lower(), server) for server in servers))
    yield from _repeated("an address", ((address, server) for server in servers for address in server.addresses))


def _repeated(what: str, owned: Iterable[tuple[str, Server]]) -> Iterator[Problem]:
    owners: dict[str, Server] = {}
    for value, server in owned:
        if value in owners:
            rule = f"must be {what} of one server"
            remedy = f"{owners[value].name} ({owners[value].role.value}) has it as well"
            yield Problem(f"inventory[{server.name}]", shown(value), rule, remedy)
        owners.setdefault(value, server)


def _names(servers: Sequence[Server], role: Role) -> list[str]:
    return sorted(server.name for server in servers if server.role is role)
