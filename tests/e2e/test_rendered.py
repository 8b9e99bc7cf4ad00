"""Documents that are taken become configuration that Dovecot, Postfix, HAProxy and nftables take."""

from __future__ import annotations

import copy
import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mailpair.servers import Role, Server
from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.notation import ListOf, Notation, NotationError
from mailpair.settings.record import Group, Named, Parameter
from mailpair.site import SiteError, join, rules, schema
from mailpair.site.build import build
from tests.e2e.support.rendering import services
from tests.unit.site.test_properties import CHOSEN, PLAUSIBLE, RIGHT, example, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Host, Lab

DOCUMENTS = 30
CHANGES = 25  # that are tried on each document; those that make it wrong are left out

# The services that judge their files; opendkim, which does as well, is installed only where mail is signed.
JUDGED = {"mailpair-firewall", "mailpair-sessions", "mailpair-connectors", "dovecot", "haproxy", "postfix"}

# Certificates of all sources, so that services show different ones by name and have keys of both algorithms.
CERTIFICATES = {
    **RIGHT["certificates"],
    "both kinds": {"domain_name": ["*.fabrikam.test", "smtp.contoso.test"], "key_algorithms": ["ECDSA", "RSA"]},
    "fetched": {
        "source": "acme",
        "domain_name": ["imap.fabrikam.test"],
        "services": ["IMAP", "IIS"],
        "acme": {"directory": "https://acme.contoso.test/directory", "terms_of_service_agreed": True},
    },
    "bought": {
        "source": "provided",
        "domain_name": ["mail.fabrikam.test"],
        "services": ["SMTP", "POP"],
        "provided": {"certificate": "bought.pem", "key": "bought.key"},
    },
}
# The front end that is asked has overrides of its own.
START = {**RIGHT, "servers": {"front1": RIGHT["servers"]["front2"]}, "certificates": CERTIFICATES}
NAMES = {**CHOSEN, "servers": "front1"}
# What has a meaning of its own in one of the configurations' languages.
AWKWARD = [
    "220 $mydomain ${x} {{ y }} {% z %} %{d}", '220 "quoted\' # not \\ a comment; {', "220 %n%s \\n  two  spaces ", "!",
    "caf\u00e9 \u2603", "-o smtpd_x=y", "0 B", "1 TB", "00:00:30", "00:01:00", "1024", "yes", "Hourly",
    "/var/log/other", 2, 30, 1024, 40000,
]  # fmt: skip
# The hosts have these addresses, and nothing but Postfix listens at these ports.
CONNECTOR_BINDINGS: list[Any] = [
    [], ["0.0.0.0:587"], ["[::]:587", "0.0.0.0:25"], ["127.0.0.1:2525", "[::1]:2525"], ["0.0.0.0:465", "[::]:465"],
]  # fmt: skip


def values(parameter: Parameter, path: tuple[str, ...]) -> list[Any]:
    """What may be written for a setting, as far as the setting alone knows."""
    if path[0] == "receive_connectors" and parameter.name.endswith("bindings"):
        return CONNECTOR_BINDINGS
    form = parameter.notation.form
    ends = [form[key] for key in ("minimum", "maximum") if key in form]
    tried = [example(parameter), parameter.default, *ends, *PLAUSIBLE, *AWKWARD, *([each] for each in AWKWARD)]
    return [value for value in tried if is_taken(parameter, value)]


def is_taken(parameter: Parameter, value: Any) -> bool:
    notation = parameter.notation
    try:
        match notation, value:
            case ListOf(), list():
                return all(notation.item.parse(item) is not None for item in value)
            case Notation(), _:
                notation.parse(value)
                return True
    except NotationError:
        pass
    return False


def places(group: Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The paths of all settings and what may be written there."""
    for member in group.members:
        place = (*path, member.name)
        match member:
            case Parameter():
                yield place, values(member, place)
            case Group():
                yield from places(member, place)
            case Named():
                yield from places(member.group, (*place, NAMES[member.name]))


PLACES = {place: found for place, found in (*places(SITE), *places(MAILBOXES)) if found}


def documents(servers: list[Server]) -> list[Any]:
    """Right documents that differ in many settings, the same ones every time."""
    chance = random.Random(DOCUMENTS)
    found = []
    for _ in range(DOCUMENTS):
        whole: Any = copy.deepcopy(START)
        for place in chance.choices(list(PLACES), k=CHANGES):
            changed = with_value(whole, place, chance.choice(PLACES[place]))
            if is_right(changed, servers):
                whole = changed
        found.append(whole)
    return found


def with_value(whole: Any, path: tuple[str, ...], value: Any) -> Any:
    """A document with a value at a path."""
    first, *rest = path
    return {**whole, first: with_value(whole.get(first) or {}, tuple(rest), value) if rest else value}


def is_right(document: Any, servers: list[Server]) -> bool:
    """Whether a document is taken, without the way through a file."""
    site = {name: each for name, each in document.items() if name != "mailboxes"}
    checked, accounts = schema.check(SITE, site), schema.check(MAILBOXES, {"mailboxes": document["mailboxes"]})
    if checked.problems or accounts.problems:
        return False
    whole = build(checked.values, accounts.values["mailboxes"])
    try:
        join(whole, servers)
    except SiteError:
        return False
    return not list(rules.problems(whole, set()))


def put(folder: Path, document: Any) -> None:
    write(folder, {name: each for name, each in document.items() if name != "mailboxes"}, document["mailboxes"])


# Lays files out and judges them as the module service does; prints [number, words] for those that fail.
JUDGE = r"""
import json, os, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
def judge(job):
    with tempfile.TemporaryDirectory() as staged:
        for file in job["files"]:
            path = staged + file["path"]
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as copy: copy.write(file["content"])
        for command in job["check"]:
            words = [str(word).replace("{staged}", staged) for word in command]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode: return (done.stderr.strip() or done.stdout.strip()).replace(staged, "") or repr(words)
with ThreadPoolExecutor(3) as pool: print(json.dumps(list(pool.map(judge, json.load(sys.stdin)))))
"""


def test_documents_that_are_taken_become_configuration_that_is_taken(lab: Lab, tmp_path: Path) -> None:
    servers = [
        Server(host.name, role, host.fqdn, host.addresses)
        for role, host in ((Role.CLIENT_ACCESS, lab.front), (Role.MAILBOX, lab.back))
    ]
    found = documents(servers)
    jobs: dict[str, dict[str, list[Any]]] = {server.name: {} for server in servers}  # by server, what is judged once
    for document in found:
        put(tmp_path, document)
        for server in servers:
            for service in services(tmp_path, servers, server):
                if service["name"] in JUDGED:
                    job = {"files": service["files"], "check": service["check"]}
                    jobs[server.name].setdefault(json.dumps(job), [service["name"], document])
    assert {name for each in jobs.values() for name, _ in each.values()} == JUDGED
    with ThreadPoolExecutor() as pool:
        refused = [
            fault for faults in pool.map(lambda host: judge(host, jobs[host.name]), lab.hosts) for fault in faults
        ]
    assert not refused, "\n\n".join(refused)


def judge(host: Host, jobs: dict[str, list[Any]]) -> list[str]:
    """What is wrong with the files of some services, with the first document that led to each."""
    said = json.loads(host.run(f"python3 -c '{JUDGE}'", stdin=f"[{','.join(jobs)}]"))
    return [
        f"{host.name}: {name}: {fault}\n{json.dumps(document)}"
        for fault, (name, document) in zip(said, jobs.values(), strict=True)
        if fault
    ]
