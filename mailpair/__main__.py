"""An administrator's verbs that touch no host: ``python -m mailpair authority | check | password | document``."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailpair.applied import Applied, last_applied
from mailpair.authorities import Authorities
from mailpair.changes import report
from mailpair.hosts_file import HOSTS_FILE, read_hosts
from mailpair.servers import Server
from mailpair.settings.names import ADDRESS
from mailpair.settings.notation import NotationError
from mailpair.settings.pages import PAGES
from mailpair.site import MAILBOXES_FILE, Site, SiteError, join, load, load_written
from mailpair.state import SiteState, StateError


class UsageError(Exception):
    """Something that was asked for and can't be done; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns 0, or 1 after a message on standard error."""
    parsed = _parser().parse_args(arguments)
    try:
        match parsed.verb:
            case "check":
                _check(parsed.site, values=parsed.values)
            case "authority":
                _authority(parsed.site, parsed.what, parsed.file)
            case "password":
                _password(parsed.site, parsed.address)
            case _:
                _document(parsed.checkout)
    except (SiteError, StateError, UsageError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\nnothing was changed\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mailpair", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say all that is wrong with a site's documents, or what a run would change")
    check.add_argument("--values", action="store_true", help="show the values that would change on each server as well")
    password = verbs.add_parser(
        "password", help="set a mailbox's password, read from the terminal or as one line from standard input"
    )
    password.add_argument("address", metavar="ADDRESS", help="the mailbox's address")
    authority = verbs.add_parser("authority", help="begin a new CA beside the old one, end the old one, or back it up")
    authority.add_argument("what", choices=("begin", "end", "backup", "restore"))
    authority.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the backup's file")
    for verb in (check, password, authority):
        verb.add_argument(
            "--site",
            type=Path,
            required=True,
            metavar="DIR",
            help="the site's folder, or an inventory in it",
        )
    document = verbs.add_parser("document", help="write the pages and schemas that describe all settings")
    document.add_argument("checkout", type=Path, metavar="DIR", help="the checkout that they belong to")
    return parser


def _check(site: Path, *, values: bool) -> None:
    """``site`` is the site's folder, or an inventory in it."""
    site_dir = site.parent if site.is_file() else site
    loaded = load_written(site_dir)
    applied = last_applied(SiteState(site_dir))
    servers = _servers(site_dir, loaded.site, applied)
    if servers:
        join(loaded.site, servers)
    boxes = f"{len(loaded.site.mailboxes)} {'mailbox' if len(loaded.site.mailboxes) == 1 else 'mailboxes'}"
    sys.stdout.write(f"{site_dir}: in order; {', '.join(loaded.site.accepted_domains)}, {boxes}\n")
    sys.stdout.write(report(loaded, servers, applied, values=values))


def _servers(site_dir: Path, site: Site, applied: Mapping[str, Applied]) -> tuple[Server, ...]:
    """Those of a plain inventory beside the documents, unless the last run was on others: a stack's, say."""
    listed = read_hosts(site_dir / HOSTS_FILE, site.domain)
    if applied and not applied.keys() <= {server.name for server in listed}:
        return max((each.servers for each in applied.values()), key=len)
    return listed


def _authority(site: Path, what: str, file: Path | None) -> None:
    site_dir = site.parent if site.is_file() else site
    state = SiteState(site_dir)
    authorities = Authorities(state)
    if what in {"backup", "restore"}:
        if file is None:
            raise UsageError(f"authority {what}: name the backup's file")
        said = authorities.backup(file) if what == "backup" else authorities.restore(file)
    elif what == "begin":
        authorities.begin()
        said = (
            f"{state.ca_certificate}: a new CA is there beside the old one; run the playbook, give clients this file, "
            "and end the old one once all have it"
        )
    else:
        authorities.end()
        said = f"{state.ca_certificate}: the old CA has ended; the next run of the playbook tells all servers"
    sys.stdout.write(f"{said}\n")


def _document(checkout: Path) -> None:
    for path, text in PAGES.items():
        page = checkout / path
        page.parent.mkdir(exist_ok=True)
        page.write_text(text(), encoding="utf-8")


def _password(site_dir: Path, written: str) -> None:
    try:
        address = ADDRESS.parse(written)
    except NotationError as error:
        raise UsageError(f"{written!r}: {error}") from error
    if address not in {mailbox.address for mailbox in load(site_dir).mailboxes}:
        raise UsageError(f"{address}: there is no such mailbox in {site_dir / MAILBOXES_FILE}; add it there first")
    SiteState(site_dir).set_password(address, _read_password(address))
    sys.stdout.write(f"{address}: the password is set; the next run of the playbook brings it to the front ends\n")


def _read_password(address: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().removesuffix("\n")
    password = getpass.getpass(f"New password for {address}: ")
    if getpass.getpass("Once more: ") != password:
        raise UsageError("the two passwords are not the same; nothing was changed")
    return password


if __name__ == "__main__":
    sys.exit(main())
