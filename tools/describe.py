"""Says what a stack offers: its hosts, its client settings, its accounts and where their passwords are.

    python tools/describe.py --stack lab [--json]

It reads the stack's outputs through Pulumi's own command, and the site's folder; it changes nothing. The text is for a
person, ``--json`` for a script.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailpair.publish import ClientProtocol
from mailpair.site import SiteError, load
from mailpair.site.model import Kind
from mailpair.state import SiteState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailpair.site import Site

PROGRAM = Path(__file__).resolve().parent.parent / "pulumi_stack"

# What a person sees for the encryption methods of Exchange's words.
ENCRYPTION = {"SSL": "TLS from the first byte (SSL)", "TLS": "STARTTLS (TLS)"}


class DescribeError(Exception):
    """The stack cannot be described; the text says why and what to do."""


def stack_outputs(stack: str) -> dict[str, Any]:
    """The outputs of a stack of this project.

    Raises:
        DescribeError: the stack does not exist, or has not been brought up.
    """
    command = ["pulumi", "stack", "output", "--json", "--stack", stack, "--cwd", str(PROGRAM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DescribeError(f"stack {stack}: {done.stderr.strip()}; `make up` brings it up")
    outputs: dict[str, Any] = json.loads(done.stdout)
    missing = [name for name in ("ansible_inventory", "client_settings") if name not in outputs]
    if missing:
        raise DescribeError(
            f"stack {stack}: no output {', '.join(missing)}: it was not brought up to its end; run `make up`"
        )
    return outputs


def describe(stack: str, outputs: Mapping[str, Any], site: Site, state: SiteState) -> dict[str, Any]:
    """What there is to know about a stack, as plain data.

    Args:
        stack: the stack's name.
        outputs: ``ansible_inventory`` (see :func:`mailpair.servers.inventory`) and ``client_settings`` (see
            :func:`mailpair.publish.client_settings_json`).
        site: the site that the stack serves.
        state: the site's private folder. A mailbox whose password only its owner knows has no password file.
    """
    groups = outputs["ansible_inventory"]["all"]["children"]
    return {
        "stack": stack,
        "site_dir": str(state.root.parent),
        "domain": site.accepted_domains[0],
        "accepted_domains": list(site.accepted_domains),
        "front_ends": list(_servers(groups["client_access"]["hosts"])),
        "back_ends": list(_servers(groups["mailbox"]["hosts"])),
        "virtual_address": str(site.virtual_address) if site.virtual_address else None,
        "ca_file": str(state.ca_certificate),
        "client_settings": outputs["client_settings"],
        "mailboxes": [
            {
                "address": mailbox.address,
                "email_addresses": list(mailbox.email_addresses),
                "server": mailbox.server,
                "kind": mailbox.kind.value,
                "pop_enabled": mailbox.pop_enabled,
                "imap_enabled": mailbox.imap_enabled,
                "password_file": _existing(state.password_file(mailbox.address)),
            }
            for mailbox in site.mailboxes
        ],
    }


def _servers(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, variables in hosts.items():
        yield {"name": name, "fqdn": variables["mailpair_fqdn"], "addresses": variables["mailpair_addresses"]}


def _existing(path: Path) -> str | None:
    return str(path) if path.exists() else None


def render(facts: Mapping[str, Any]) -> str:
    """The summary for a person, from what :func:`describe` returns."""
    address = facts["virtual_address"] or facts["front_ends"][0]["addresses"][0]
    sections = [
        [f"The pair of {facts['domain']} stands."],
        ["Servers", *_table(_server_rows(facts))],
        [f"Client settings (their server name stands for {address})", *_table(_setting_rows(facts["client_settings"]))],
        [f"The CA certificate that clients need: {facts['ca_file']}"],
        ["Accounts, and the file that holds the password", *_table(_account_rows(facts["mailboxes"]))],
        ["Next", *_table(_next_rows(facts["stack"]))],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _server_rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for title, key in (("front end", "front_ends"), ("back end", "back_ends")):
        for server in facts[key]:
            yield title, server["fqdn"], ", ".join(server["addresses"])


def _setting_rows(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for protocol in ClientProtocol:
        offers = settings["outside"][protocol.value.lower()]
        for offer in offers:
            yield protocol.value, offer["server"], f"port {offer['port']}", ENCRYPTION[offer["encryption"]]
        if not offers:
            yield protocol.value, "not offered"


def _account_rows(mailboxes: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for mailbox in mailboxes:
        if mailbox["kind"] == Kind.USER.value:
            yield mailbox["address"], mailbox["password_file"] or "known to its owner alone"


def _next_rows(stack: str) -> Iterator[tuple[str, ...]]:
    suffix = "" if stack == "lab" else f" STACK={stack}"
    yield f"make verify{suffix}", "signs in to each service, sends a message and reads it back"
    yield f"make describe{suffix}", "prints all this as JSON"
    yield f"make up{suffix}", "applies what you change in the site's documents"
    yield f"make down{suffix}", "removes the hosts and everything else that was made"


def _table(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Lines of aligned columns."""
    found = list(rows)
    widths = [max(len(row[at]) for row in found if at < len(row)) for at in range(max(map(len, found)))]
    for row in found:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def main(arguments: list[str] | None = None) -> int:
    """Prints the description; the exit status is 1 if there is none, with the reason on standard error."""
    parser = argparse.ArgumentParser(description="Say what a stack offers.")
    parser.add_argument("--stack", default="lab", help="the stack's name (default: lab)")
    parser.add_argument("--json", action="store_true", help="plain data for scripts")
    options = parser.parse_args(arguments)
    try:
        outputs = stack_outputs(options.stack)
        site_dir = Path(outputs["ansible_inventory"]["all"]["vars"]["mailpair_site_dir"])
        facts = describe(options.stack, outputs, load(site_dir), SiteState(site_dir))
    except (DescribeError, SiteError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(facts, indent=2) if options.json else render(facts), end="\n" if options.json else "")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may have seen enough, as `head` does
    sys.exit(main())
