"""Where a site document and the servers it is to run on must agree."""

from __future__ import annotations

from collections.abc import Sequence

from mailpair.servers import Role, Server
from mailpair.site.model import Site
from mailpair.site.problems import Problem, SiteError


def join(site: Site, servers: Sequence[Server]) -> None:
    """Checks that every server which the site names exists and has the role that it is named for.

    ``servers`` are all servers of the site. Raises :class:`SiteError` with all problems.
    """
    backs = sorted(server.name for server in servers if server.role is Role.MAILBOX)
    known = ", ".join(backs) or "none"
    problems = [
        Problem(
            f"mailboxes[{mailbox.address}].server",
            repr(mailbox.server),
            "must be a mailbox server",
            f"the inventory's group mailbox has: {known}",
        )
        for mailbox in site.mailboxes
        if mailbox.server not in backs
    ]
    if problems:
        raise SiteError(problems)
