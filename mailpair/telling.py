"""What the verbs about client settings say of a site: its documents and last run in, text out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from mailpair import publish
from mailpair.applied import Applied, last_applied
from mailpair.hosts_file import HOSTS_FILE, read_hosts
from mailpair.publish import ClientProtocol
from mailpair.publish.dns import records, zone
from mailpair.publish.printed import PrintingError, pdf
from mailpair.publish.record_sets import drift, left_out_problems, questions, record_sets, without
from mailpair.publish.settings_text import settings_json, settings_text
from mailpair.resolver import look, name_server
from mailpair.servers import Server
from mailpair.settings.names import ADDRESS
from mailpair.settings.notation import NotationError
from mailpair.site import MAILBOXES_FILE, Site, SiteError, load
from mailpair.site.model import Mailbox
from mailpair.state import SiteState


class UsageError(Exception):
    """Something that was asked for and can't be done; the text says why."""


def known_servers(site_dir: Path, site: Site, applied: Mapping[str, Applied]) -> tuple[Server, ...]:
    """Those of a plain inventory beside the documents, unless the last run was on others: a stack's, say."""
    listed = read_hosts(site_dir / HOSTS_FILE, site.domain)
    if applied and not applied.keys() <= {server.name for server in listed}:
        return max((each.servers for each in applied.values()), key=len)
    return listed


def mailbox(site_dir: Path, site: Site, written: str) -> Mailbox:
    """The mailbox of an address; raises UsageError where there is none."""
    try:
        address = ADDRESS.parse(written)
    except NotationError as error:
        raise UsageError(f"{written!r}: {error}") from error
    found = next((each for each in site.mailboxes if each.address == address), None)
    if found is None:
        raise UsageError(f"{address}: there is no such mailbox in {site_dir / MAILBOXES_FILE}; add it there first")
    return found


def settings(place: Path, written: str, *, as_json: bool) -> str:
    """What the owner of a mailbox enters in a mail program, outside and inside; ``place`` as for all verbs."""
    site_dir, site, servers = _known(place)
    owner = mailbox(site_dir, site, written)
    if as_json:
        return json.dumps(settings_json(site, servers, owner), indent=2) + "\n"
    return settings_text(site, servers, owner)


def profile(place: Path, written: str, protocol: str) -> bytes:
    """The configuration profile of a mailbox for Apple's Mail; raises UsageError where there can't be one."""
    site_dir, site, servers = _known(place)
    owner = mailbox(site_dir, site, written)
    ca = SiteState(site_dir).ca_certificate
    known = x509.load_pem_x509_certificates(ca.read_bytes()) if ca.exists() else []
    trusted = [each.public_bytes(serialization.Encoding.DER) for each in known]
    made = publish.profile(site, owner, ClientProtocol(protocol), servers, trusted)
    if made is None:
        raise UsageError(f"{owner.address}: its owner is told of no way to read over {protocol} and to send")
    return made


def handout(place: Path, written: str, language: str) -> str:
    """The page for a mailbox's owner, as HTML."""
    site_dir, site, servers = _known(place)
    return publish.handout(site, servers, mailbox(site_dir, site, written), language)


def printed(place: Path, written: str, language: str, file: Path) -> None:
    """Writes the same page into a file as PDF; raises UsageError where that can't be done."""
    page = handout(place, written, language)
    try:
        file.write_bytes(pdf(page))
    except PrintingError as error:
        raise UsageError(f"{file}: {error}") from error
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}: must be a file that can be written; name another") from error


def dns(place: Path) -> str:
    """All records that DNS needs, as lines of a zone file."""
    _, site, servers = _known(place)
    lines = zone(records(site, servers))
    if any(each.enabled for each in site.dkim_signing_configs):
        lines += "; the keys of signatures are made on front ends: `make dkim` prints their records\n"
    return lines


def dns_check(place: Path, server: str | None, left_out: Sequence[str]) -> tuple[str, bool]:
    """How DNS differs from the site, and whether all is well; ``server`` is asked in the place of the resolver."""
    asked = None if server is None else name_server(server)
    site_dir, site, servers = _known(place)
    all_sets = record_sets(records(site, servers))
    if problems := left_out_problems("--leave-out", all_sets, left_out):
        raise SiteError(problems)
    sets = without(all_sets, left_out)
    wrong = drift(sets, look(questions(sets), asked))
    lines = [str(each) for each in wrong]
    if not wrong:
        lines = [f"{site_dir}: DNS is as the site needs it; {sum(len(each.data) for each in sets)} records"]
    if any(each.enabled for each in site.dkim_signing_configs):
        lines.append("not looked at: the keys of signatures, which front ends make; `make dkim` prints their records")
    return "".join(f"{line}\n" for line in lines), not wrong


def _known(place: Path) -> tuple[Path, Site, tuple[Server, ...]]:
    """``place`` is the site's folder, or an inventory in it."""
    site_dir = place.parent if place.is_file() else place
    site = load(site_dir)
    return site_dir, site, known_servers(site_dir, site, last_applied(SiteState(site_dir)))
