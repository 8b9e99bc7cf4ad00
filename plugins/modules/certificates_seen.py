# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates a host has in files and shows at ports."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates_seen
short_description: See which certificates a host has in files and shows at ports
description:
  - The action plugin of this name finds out from the site's documents what there is to see, and asks this module on the
    host for it. What it means is for M(mailpair.mail.certificates_report) to say.
  - Nothing is trusted and nothing is sent, but for what asks for TLS. Ports where front ends have to prove who they are
    show their own certificate before, so none is needed here.
options:
  site_dir:
    description: The site's folder. By default the variable C(mailpair_site_dir), or the folder of the inventory.
    type: path
  files:
    description: Files that hold certificates. The action plugin fills it in.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: The file., type: path, required: true}
      source: {description: Who renews it., type: str}
  ports:
    description: Ports that show certificates. The action plugin fills it in.
    type: list
    elements: dict
    default: []
    suboptions:
      service: {description: What is spoken there., type: str}
      address: {description: The address., type: str, required: true}
      port: {description: The port., type: int, required: true}
      starttls: {description: "The protocol that asks for TLS (imap, pop3, smtp), or nothing.", type: str, default: ""}
      name: {description: The name to ask for., type: str, default: ""}
      file: {description: The file that the certificate should be from., type: str}
      key: {description: "The kind of key (RSA, ECDSA) to ask for, or nothing.", type: str, default: ""}
  timeout:
    description: Seconds that each answer may take.
    type: float
    default: 10
attributes:
  check_mode: {support: full, description: It changes nothing, and runs all the same.}
  diff_mode: {support: none, description: It changes nothing.}
"""

EXAMPLES = r"""
- name: See certificates
  mailpair.mail.certificates_seen:
"""

RETURN = r"""
files:
  description: What was asked for, each with C(pem), the certificates in the file, or C(reason) why they can't be read.
  returned: always
  type: list
  elements: dict
ports:
  description: What was asked for, each with C(pem), the certificates that it showed, or C(reason) why it showed none.
  returned: always
  type: list
  elements: dict
clock:
  description: Seconds since the epoch, by the host's clock.
  returned: always
  type: float
"""

import re
import socket
import ssl
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.files import read

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n?", re.DOTALL)
# What asks for TLS in a conversation: lines to send, each after an answer has ended, and how its last line begins.
STARTTLS = {
    "imap": (("", r"\* "), ("a STARTTLS", "a ")),
    "pop3": (("", r"[+-]"), ("STLS", r"[+-]")),
    "smtp": (("", r"\d{3} "), ("EHLO localhost", r"\d{3} "), ("STARTTLS", r"\d{3} ")),
}
GOOD = re.compile(r"\* OK|a OK|\+OK|2\d\d ")
LINES = 100  # at most, of an answer


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_dir": {"type": "path"},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"path": {"type": "path", "required": True}, "source": {"type": "str"}},
            },
            "ports": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "service": {"type": "str"},
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "starttls": {"type": "str", "default": ""},
                    "name": {"type": "str", "default": ""},
                    "file": {"type": "str"},
                    "key": {"type": "str", "default": "", "no_log": False},
                },
            },
            "timeout": {"type": "float", "default": 10.0},
        },
        supports_check_mode=True,
    )
    module.exit_json(
        changed=False,
        files=[{**each, **in_file(each["path"])} for each in module.params["files"]],
        ports=[{**each, **at_port(each, module.params["timeout"])} for each in module.params["ports"]],
        clock=time.time(),
    )


def in_file(path: str) -> dict[str, Any]:
    """The certificates of a file; a key in it stays there."""
    content = read(path)
    if content is None:
        return {"pem": [], "reason": "it is not there"}
    found = CERTIFICATE.findall(content.decode("ascii", "replace"))
    return {"pem": found, "reason": "" if found else "it holds no certificate"}


def at_port(place: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The certificates that a port shows, its own first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if place.get("key"):
        # Up to TLS 1.2 the cipher says which kind of key is wanted; Python can't say it otherwise.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"a{place['key']}")
    try:
        with socket.create_connection((place["address"], place["port"]), timeout) as plain:
            ask_for_tls(plain, place["starttls"])
            with context.wrap_socket(plain, server_hostname=place["name"] or None) as secure:
                return {"pem": chain(secure), "reason": ""}
    except ConnectionRefusedError:
        return {"pem": [], "reason": "nothing listens there"}
    except TimeoutError:
        return {"pem": [], "reason": f"no answer within {timeout:g} s"}
    except (OSError, ValueError) as error:
        return {"pem": [], "reason": str(error) or type(error).__name__}


def ask_for_tls(plain: socket.socket, protocol: str) -> None:
    """Speak until the other side is ready for TLS."""
    if not protocol:
        return
    with plain.makefile("rb") as answers:
        for line, last in STARTTLS[protocol]:
            if line:
                plain.sendall(f"{line}\r\n".encode("ascii"))
            said = ""
            for _ in range(LINES):
                said = answers.readline(1000).decode("ascii", "replace").strip()
                if not said or re.match(last, said):
                    break
            if not GOOD.match(said):
                raise ValueError(f"{line or 'the connection'} was answered with {said!r}")


def chain(secure: ssl.SSLSocket) -> list[str]:
    """What was shown, as PEM; Python before 3.13 tells the first one only."""
    whole = getattr(secure, "get_unverified_chain", None)
    shown = whole() if whole else [secure.getpeercert(binary_form=True)]
    return [ssl.DER_cert_to_PEM_cert(each) for each in shown if each]


if __name__ == "__main__":
    main()
