# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a certificate's renewal: keys, requests, and putting the answer in place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Certificates of the site's private CA, with keys that never leave their host
description:
  - The action plugin of this name asks this module on the host for requests, has the site's CA sign them on the
    controller, and gives the certificates back to it. When nothing is due, the host is asked once and that is all.
  - A certificate is renewed, with a new key, when it or its key is missing, when they do not belong together, when its
    names changed, when another CA signed it, when it may be used for something else than asked, or when less than a
    third of its life is left.
options:
  directory:
    description: The folder of all certificates and keys; made with mode 0755, keys with 0600.
    type: path
    required: true
  ca:
    description: Where the CA's certificate goes.
    type: path
    required: true
  certificates:
    description: The certificates that the host should have.
    type: list
    elements: dict
    required: true
    suboptions:
      certificate: {description: Where the certificate goes., type: path, required: true}
      key: {description: Where its key goes., type: path, required: true}
      names: {description: DNS names; the first is the subject., type: list, elements: str, required: true}
      addresses: {description: IP addresses that it is valid for too., type: list, elements: str, default: []}
      usage: {description: What it proves., type: str, choices: [server, client], required: true}
      days: {description: How long it is valid., type: int, required: true}
      algorithm: {description: What its key is for., type: str, choices: [ecdsa, rsa-2048, rsa-4096], default: ecdsa}
  ca_pem:
    description: The CA's certificate. The action plugin fills it in.
    type: str
  signed:
    description: Certificates by their paths, in answer to requests. The action plugin fills it in.
    type: dict
attributes:
  check_mode: {support: full, description: Reports what would be renewed.}
  diff_mode: {support: none, description: Certificates say little to a reader.}
"""

EXAMPLES = r"""
- name: The peer certificate is there
  mailpair.mail.certificates:
    directory: /etc/mailpair/tls
    ca: /etc/mailpair/tls/ca.pem
    certificates:
      - certificate: /etc/mailpair/tls/peer.pem
        key: /etc/mailpair/tls/peer.key
        names: [front1.contoso.test]
        usage: client
        days: 365
"""

RETURN = r"""
reasons:
  description: Why each certificate that was not right is renewed, by its path.
  returned: always
  type: dict
  sample: {/etc/mailpair/tls/peer.pem: it is missing}
requests:
  description: Requests by the paths of their certificates, for the action plugin.
  returned: always
  type: dict
"""

import os
import ssl
import time
from ipaddress import ip_address
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.files import Wanted, read, sync_folder

PURPOSES = {"server": "sslserver", "client": "sslclient"}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "ca": {"type": "path", "required": True},
            "certificates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "certificate": {"type": "path", "required": True},
                    "key": {"type": "path", "required": True, "no_log": False},
                    "names": {"type": "list", "elements": "str", "required": True},
                    "addresses": {"type": "list", "elements": "str", "default": []},
                    "usage": {"type": "str", "choices": sorted(PURPOSES), "required": True},
                    "days": {"type": "int", "required": True},
                    "algorithm": {"type": "str", "choices": ["ecdsa", "rsa-2048", "rsa-4096"], "default": "ecdsa"},
                },
            },
            "ca_pem": {"type": "str"},
            "signed": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    Renewal(module).run()


class Renewal:
    """One call: the first asks and makes requests, the second puts the answers in place."""

    def __init__(self, module: AnsibleModule) -> None:
        """Take the module's arguments."""
        self.module = module
        self.ca = Wanted(module.params["ca"], (module.params["ca_pem"] or "").encode())
        self.wanted: list[dict[str, Any]] = module.params["certificates"]
        self.signed: dict[str, str] | None = module.params["signed"]

    def run(self) -> None:
        """Do this call's half and end the module."""
        if self.signed is not None:
            self.install(self.signed)
            self.module.exit_json(changed=True, reasons={}, requests={})
        reasons = {each["certificate"]: reason for each in self.wanted if (reason := self.reason(each))}
        new_ca = not self.ca.is_there()
        requests: dict[str, str] = {}
        if not self.module.check_mode:
            os.makedirs(self.module.params["directory"], mode=0o755, exist_ok=True)
            requests = {
                each["certificate"]: self.request(each) for each in self.wanted if each["certificate"] in reasons
            }
            if new_ca and not requests:
                self.ca.put()
        self.module.exit_json(changed=bool(reasons) or new_ca, reasons=reasons, requests=requests)

    def reason(self, each: dict[str, Any]) -> str | None:
        """Why a certificate must be renewed; None if it is right."""
        certificate, key = read(each["certificate"]), read(each["key"])
        if certificate is None or key is None:
            return "it is missing" if certificate is None else "its key is missing"
        code, public = self.openssl("pkey", "-in", each["key"], "-pubout")
        if code:
            return "its key can't be read"
        fields = ("-noout", "-pubkey", "-startdate", "-enddate", "-ext", "subjectAltName")
        code, text = self.openssl("x509", "-in", each["certificate"], *fields)
        if code:
            return "it can't be read"
        if public.strip() not in text:
            return "it belongs to another key"
        if alternative_names(text) != wanted_names(each):
            return "its names changed"
        # The CA that the controller has now decides, not the one on the host.
        code, _ = self.openssl(
            "verify",
            "-purpose",
            PURPOSES[each["usage"]],
            "-CAfile",
            "/dev/stdin",
            each["certificate"],
            data=self.ca.content,
        )
        if code:
            return "the site's CA did not issue it for this use, or it has expired"
        if remaining(text, time.time()) < 1 / 3:
            return "less than a third of its life is left"
        return None

    def request(self, each: dict[str, Any]) -> str:
        """Make a new key beside the old one; return a request for its certificate."""
        new = each["key"] + ".new"
        os.umask(0o077)
        kind, _, bits = str(each.get("algorithm", "ecdsa")).partition("-")
        made = ("RSA", f"rsa_keygen_bits:{bits}") if kind == "rsa" else ("EC", "ec_paramgen_curve:P-256")
        self.must("genpkey", "-algorithm", made[0], "-pkeyopt", made[1], "-out", new)
        os.chmod(new, 0o600)
        names = ",".join((*(f"DNS:{name}" for name in each["names"]), *(f"IP:{each}" for each in each["addresses"])))
        return self.must("req", "-new", "-key", new, "-subj", "/", "-addext", f"subjectAltName={names}")

    def install(self, signed: dict[str, str]) -> None:
        """Put CA, certificates and their keys in place; a run that ends in between is mended by the next one."""
        if not self.ca.is_there():
            self.ca.put()
        for each in self.wanted:
            if each["certificate"] in signed:
                os.rename(each["key"] + ".new", each["key"])
                Wanted(each["certificate"], signed[each["certificate"]].encode()).put()
        sync_folder(self.module.params["directory"])

    def openssl(self, *words: str, data: bytes | None = None) -> tuple[int, str]:
        """Run openssl; its exit code and what it printed."""
        code, out, _ = self.module.run_command(["openssl", *words], data=data, binary_data=True)
        return code, out

    def must(self, *words: str) -> str:
        """Run openssl, which must succeed."""
        _, out, _ = self.module.run_command(["openssl", *words], check_rc=True)
        return str(out)


def alternative_names(text: str) -> set[str]:
    """The names and addresses in openssl's print of a certificate."""
    entries = [entry.strip() for line in text.splitlines() for entry in line.split(",")]
    names = {entry.removeprefix("DNS:") for entry in entries if entry.startswith("DNS:")}
    addresses = (entry.removeprefix("IP Address:") for entry in entries if entry.startswith("IP Address:"))
    return names | {str(ip_address(address)) for address in addresses}


def wanted_names(each: dict[str, Any]) -> set[str]:
    """The names and addresses that a certificate should have."""
    return {*each["names"], *(str(ip_address(address)) for address in each["addresses"])}


def remaining(text: str, now: float) -> float:
    """What part of a certificate's life is left at ``now`` (seconds since the epoch), from openssl's print of it."""
    dates = dict(line.split("=", 1) for line in text.splitlines() if line.startswith(("notBefore=", "notAfter=")))
    start, end = (ssl.cert_time_to_seconds(dates[name]) for name in ("notBefore", "notAfter"))
    return (end - now) / (end - start)


if __name__ == "__main__":
    main()
