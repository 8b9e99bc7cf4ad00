"""An administrator's verbs that touch no host: ``python -m mailpair check | settings | dns | ...``."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from mailpair import telling
from mailpair.applied import last_applied
from mailpair.authorities import Authorities
from mailpair.changes import report
from mailpair.publish.handout import LANGUAGES
from mailpair.resolver import ResolverError
from mailpair.settings.pages import PAGES
from mailpair.site import SiteError, join, load, load_written
from mailpair.state import SiteState, StateError
from mailpair.telling import UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns 0, or 1 after a message on standard error or what a check has found."""
    parsed = _parser().parse_args(arguments)
    try:
        match parsed.verb:
            case "check":
                _check(parsed.site, values=parsed.values)
            case "authority":
                _authority(parsed.site, parsed.what, parsed.file)
            case "password":
                _password(parsed.site, parsed.address)
            case "settings":
                sys.stdout.write(telling.settings(parsed.site, parsed.address, as_json=parsed.json))
            case "profile":
                sys.stdout.buffer.write(telling.profile(parsed.site, parsed.address, parsed.protocol))
            case "handout":
                _handout(parsed.site, parsed.address, parsed.language, parsed.pdf)
            case "dns":
                return _dns(parsed.site, parsed.server, parsed.leave_out, check=parsed.check)
            case _:
                _document(parsed.checkout)
    except (ResolverError, SiteError, StateError, UsageError) as error:
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
    authority = verbs.add_parser("authority", help="begin a new CA beside the old one, end the old one, or back it up")
    authority.add_argument("what", choices=("begin", "end", "backup", "restore"))
    authority.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the backup's file")
    settings = verbs.add_parser("settings", help="say what the owner of a mailbox enters in a mail program")
    settings.add_argument("--json", action="store_true", help="plain data for scripts")
    profile = verbs.add_parser("profile", help="write a configuration profile for Apple's Mail to standard output")
    profile.add_argument("--protocol", choices=("IMAP", "POP"), default="IMAP", help="how mail is read")
    handout = verbs.add_parser(
        "handout", help="write a page for the owner of a mailbox: HTML to standard output, or PDF"
    )
    handout.add_argument("--pdf", type=Path, metavar="FILE", help="write it as PDF, to this file")
    handout.add_argument("--language", choices=LANGUAGES, default="en", help="of the page (default: en)")
    dns = verbs.add_parser("dns", help="print the records that DNS needs, as lines of a zone file")
    dns.add_argument("--check", action="store_true", help="compare DNS with them instead, and say what differs")
    dns.add_argument("--server", metavar="ADDRESS[:PORT]", help="whom to ask (default: this machine's resolver)")
    dns.add_argument(
        "--leave-out", nargs="+", default=[], metavar="RECORDS", help='what not to compare: "contoso.test TXT"'
    )
    for verb in (password, settings, profile, handout):
        verb.add_argument("address", metavar="ADDRESS", help="the mailbox's address")
    for verb in (check, password, authority, settings, profile, handout, dns):
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
    servers = telling.known_servers(site_dir, loaded.site, applied)
    if servers:
        join(loaded.site, servers)
    boxes = f"{len(loaded.site.mailboxes)} {'mailbox' if len(loaded.site.mailboxes) == 1 else 'mailboxes'}"
    sys.stdout.write(f"{site_dir}: in order; {', '.join(loaded.site.accepted_domains)}, {boxes}\n")
    sys.stdout.write(report(loaded, servers, applied, values=values))


def _handout(site: Path, address: str, language: str, pdf: Path | None) -> None:
    if pdf is None:
        sys.stdout.write(telling.handout(site, address, language))
        return
    telling.printed(site, address, language, pdf)
    sys.stdout.write(f"{pdf}: the page of {address} is written\n")


def _dns(site: Path, server: str | None, left_out: Sequence[str], *, check: bool) -> int:
    said, in_order = telling.dns_check(site, server, left_out) if check else (telling.dns(site), True)
    sys.stdout.write(said)
    return 0 if in_order else 1


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
    address = telling.mailbox(site_dir, load(site_dir), written).address
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
