# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host does what it is there for."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_seen
short_description: Try what a host serves, and look at its queue, its disks and its units
description:
  - The action plugin of this name finds out from the site's documents what there is to try, and asks this module on the
    host for it. What it means is for M(mailpair.mail.health_report) to say.
  - Front ends are tried as clients reach them, up to the sign-in. Back ends are tried by themselves and from each front
    end, with the front end's certificate, and open the first user's mailbox that they hold. Nobody's password is used,
    and no message is read, sent or changed.
options:
  site_dir:
    description: The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
  sets:
    description: Names of health sets. The action plugin fills it in.
    type: list
    elements: str
    default: []
  probes:
    description: Conversations that must go well. The action plugin fills it in.
    type: list
    elements: dict
    default: []
    suboptions:
      health_set: {description: The health set that it is of., type: str, required: true}
      place: {description: What a person calls it., type: str, required: true}
      protocol: {description: What is spoken there., type: str, required: true, choices: [imap, pop3, smtp, lmtp]}
      address: {description: "The address, or a Unix socket.", type: str, required: true}
      port: {description: "The port; 0 is for a Unix socket.", type: int, required: true}
      tls: {description: "How TLS begins: first, ask, or not at all.", type: str, default: ""}
      name: {description: "What the certificate must be for; empty is for any.", type: str, default: ""}
      proxied: {description: Whether to begin as haproxy does., type: bool, default: false}
      mailbox: {description: "The mailbox to open; empty is for none.", type: str, default: ""}
      rule: {description: What must hold., type: str, required: true}
      remedy: {description: What to do where it does not., type: str, required: true}
  folders:
    description: Folders whose file systems are looked at. The action plugin fills it in.
    type: list
    elements: path
    default: []
  units:
    description: Units that must be active. The action plugin fills it in.
    type: list
    elements: str
    default: []
  queue:
    description: Whether to look at Postfix's queue. The action plugin fills it in.
    type: bool
    default: false
  ca:
    description: The CAs of back ends. The action plugin fills it in.
    type: path
  certificate:
    description: The certificate that is shown to back ends. The action plugin fills it in.
    type: path
  key:
    description: The file of its key. The action plugin fills it in.
    type: path
  timeout:
    description: Seconds that each conversation may take.
    type: float
    default: 10
attributes:
  check_mode: {support: full, description: It changes nothing, and runs all the same.}
  diff_mode: {support: none, description: It changes nothing.}
"""

EXAMPLES = r"""
- name: Try what is served
  mailpair.mail.health_seen:
"""

RETURN = r"""
sets:
  description: The names of health sets.
  returned: always
  type: list
  elements: str
probes:
  description: What was asked for, each with C(reason) why it did not go well, or nothing.
  returned: always
  type: list
  elements: dict
folders:
  description: C(path), and how many percent of C(space) and C(inodes) are free; one folder a file system.
  returned: always
  type: list
  elements: dict
units:
  description: C(name) and C(state) of units that failed or should be active and are not.
  returned: always
  type: list
  elements: dict
queue:
  description: How many messages each queue of Postfix holds, and since how many seconds the oldest of them is there.
  returned: always
  type: dict
"""

import json
import os
import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule

# How the last line of an answer begins, and how that of a good one does.
ENDS = {
    "imap": (r"(\* (OK|BYE|PREAUTH)|[a-z]\d )", r"(\* OK|[a-z]\d OK)"),
    "pop3": (r"[+-]", r"\+OK"),
    "smtp": (r"\d{3} ", r"2\d\d "),
    "lmtp": (r"\d{3} ", r"2\d\d "),
}
ASKS = {
    "imap": ("a1 STARTTLS",),
    "pop3": ("STLS",),
    "smtp": ("EHLO localhost", "STARTTLS"),
    "lmtp": (),
}
LINES = 200  # at most, of an answer


class BadAnswerError(Exception):
    """A conversation that did not go well; the text says how."""


def main() -> None:
    """Entry point."""
    text = {"type": "str", "default": ""}
    needed = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "site_dir": {"type": "path"},
            "sets": {"type": "list", "elements": "str", "default": []},
            "probes": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "health_set": needed,
                    "place": needed,
                    "protocol": {**needed, "choices": list(ENDS)},
                    "address": needed,
                    "port": {"type": "int", "required": True},
                    "tls": text,
                    "name": text,
                    "proxied": {"type": "bool", "default": False},
                    "mailbox": text,
                    "rule": needed,
                    "remedy": needed,
                },
            },
            "folders": {"type": "list", "elements": "path", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "queue": {"type": "bool", "default": False},
            "ca": {"type": "path"},
            "certificate": {"type": "path"},
            "key": {"type": "path", "no_log": False},
            "timeout": {"type": "float", "default": 10.0},
        },
        supports_check_mode=True,
    )
    asked = module.params
    # All at once: a back end that is away must not make a look at many others long.
    with ThreadPoolExecutor(max_workers=16) as pool:
        reasons = list(pool.map(lambda probe: tried(probe, asked), asked["probes"]))
    module.exit_json(
        changed=False,
        sets=asked["sets"],
        probes=[{**probe, "reason": reason} for probe, reason in zip(asked["probes"], reasons, strict=True)],
        folders=file_systems(asked["folders"]),
        units=units(module, asked["units"]),
        queue=queue(module) if asked["queue"] else {},
    )


def tried(probe: dict[str, Any], asked: dict[str, Any]) -> str:
    """Why a conversation did not go well; empty where it did."""
    try:
        with connected(probe, asked["timeout"]) as plain:
            if probe["tls"] == "first":
                with context(probe, asked).wrap_socket(plain, server_hostname=probe["name"] or None) as secure:
                    converse(secure, probe, greeted=True)
            elif probe["tls"] == "ask":
                say(plain, probe["protocol"], ("", *ASKS[probe["protocol"]]))
                with context(probe, asked).wrap_socket(plain) as secure:
                    converse(secure, probe, greeted=False)
            else:
                converse(plain, probe, greeted=True)
    except ssl.SSLCertVerificationError as error:
        return f"shows a certificate that is not to be trusted ({error.verify_message})"
    except (ConnectionRefusedError, FileNotFoundError):
        return "nothing listens there"
    except TimeoutError:
        return f"no answer within {asked['timeout']:g} s"
    except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        return "hangs up without an answer"
    except (OSError, BadAnswerError) as error:
        return str(error) or type(error).__name__
    return ""


def connected(probe: dict[str, Any], timeout: float) -> socket.socket:
    """A connection to the place."""
    if probe["port"]:
        made = socket.create_connection((probe["address"], probe["port"]), timeout)
    else:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(timeout)
        try:
            made.connect(probe["address"])
        except OSError:
            made.close()
            raise
    if probe["proxied"]:
        # The words of haproxy's PROXY protocol, version 1, for somebody on this host.
        made.sendall(f"PROXY TCP4 127.0.0.1 127.0.0.1 1 {probe['port']}\r\n".encode("ascii"))
    return made


def context(probe: dict[str, Any], asked: dict[str, Any]) -> ssl.SSLContext:
    """TLS as a front end speaks it to back ends, or, where no name is asked for, as somebody who only looks."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not probe["name"]:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        return made
    made.load_verify_locations(asked["ca"])
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # hosts have CAs of their own, which need no root here
    made.load_cert_chain(asked["certificate"], asked["key"])
    return made


def converse(connection: socket.socket, probe: dict[str, Any], *, greeted: bool) -> None:
    """Speak until it is sure that somebody is served; the other side speaks first where ``greeted`` is set."""
    name, first = probe["mailbox"], ("",) if greeted else ()
    lines = {
        "imap": (f'a2 LOGIN "{name}" ""', "a3 STATUS INBOX (MESSAGES)", "a4 LOGOUT") if name else ("a2 CAPABILITY",),
        "pop3": (f"USER {name}", "PASS ", "STAT", "QUIT") if name else ("QUIT",),
        "smtp": ("EHLO localhost", "QUIT"),
        "lmtp": ("LHLO localhost", "QUIT"),
    }[probe["protocol"]]
    say(connection, probe["protocol"], (*first, *lines))


def say(connection: socket.socket, protocol: str, lines: tuple[str, ...]) -> None:
    """Say lines, each after the answer to the one before; an empty line only waits for an answer."""
    last, good = ENDS[protocol]
    with connection.makefile("rb") as answers:
        for line in lines:
            if line:
                connection.sendall(f"{line}\r\n".encode("ascii"))
            words = line.split() or ["the connection"]
            tag = words.pop(0) if protocol == "imap" and line else ""
            said = ""
            for _ in range(LINES):
                said = answers.readline(2000).decode("ascii", "replace").strip()
                if not said:
                    raise BadAnswerError("hangs up without an answer")
                if said.startswith(f"{tag} ") if tag else re.match(last, said):
                    break
            if not re.match(good, said):
                raise BadAnswerError(f"answers {said!r} to {words[0]}")


def file_systems(folders: list[str]) -> list[dict[str, Any]]:
    """How full the file systems of folders are, each once, by the first folder on it."""
    found: dict[int, dict[str, Any]] = {}
    for path in folders:
        if os.path.isdir(path):
            seen = os.statvfs(path)
            # Some file systems have no fixed number of inodes and say 0.
            inodes = 100 * seen.f_favail / seen.f_files if seen.f_files else 100.0
            space = 100 * seen.f_bavail / seen.f_blocks
            found.setdefault(os.stat(path).st_dev, {"path": path, "space": space, "inodes": inodes})
    return list(found.values())


def units(module: AnsibleModule, wanted: list[str]) -> list[dict[str, str]]:
    """Units that failed, and those that should be active and are not."""
    listed = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "--full"]
    _, failed, _ = module.run_command([*listed, "--state=failed"], check_rc=True)
    found = {line.split()[0]: "failed" for line in failed.splitlines() if line.strip()}
    for name in wanted:
        _, state, _ = module.run_command(["systemctl", "is-active", name])
        if state.strip() != "active":
            found.setdefault(name, state.strip() or "unknown")
    return [{"name": name, "state": state} for name, state in found.items()]


def queue(module: AnsibleModule) -> dict[str, dict[str, float]]:
    """How many messages each queue holds, and how long the oldest is there; who they are for is not told."""
    _, listed, _ = module.run_command(["postqueue", "-j"], check_rc=True)
    now = time.time()
    found: dict[str, dict[str, float]] = {}
    for line in listed.splitlines():
        message = json.loads(line)
        one = found.setdefault(message["queue_name"], {"messages": 0, "oldest": 0.0})
        one["messages"] += 1
        one["oldest"] = max(one["oldest"], now - message["arrival_time"])
    return found


if __name__ == "__main__":
    main()
